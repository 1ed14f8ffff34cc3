// References to upstream outputs in the arguments of a command: ${tasks.ID.output} and ${tasks.ID.output/json/pointer}.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

namespace stet::cli {

// One part of an argument: literal text, or a reference when `task` is not empty.
struct ArgumentPart {
  std::string text = {};
  std::string task = {};
  std::string pointer = {};  // RFC 6901; empty: the whole output
  friend bool operator==(const ArgumentPart&, const ArgumentPart&) = default;
};

// Splits an argument.  "$${tasks." stands for a literal "${tasks."; any other "${" is literal.
// Errors: InvalidArgument for a reference that is not closed or has another shape.
absl::StatusOr<std::vector<ArgumentPart>> SplitArgument(std::string_view argument);

// The text a reference stands for: the output without its final newlines, or the value its pointer leads to (a string as it
// is, anything else as JSON).  Errors: FailedPrecondition when the output is no JSON or holds no such value.
absl::StatusOr<std::string> ResolveReference(const ArgumentPart& reference,
                                             const std::string& output);

// The argument with every reference replaced.  `output_of` gives the output of a task.
absl::StatusOr<std::string> ExpandArgument(
    std::string_view argument,
    const std::function<absl::StatusOr<std::string>(const std::string& task)>& output_of);

}  // namespace stet::cli
