// Splitting and expansion of references to outputs.
#include "tools/stet/references.h"

#include <absl/status/status.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tools/stet/json_document.h"
#include "tools/stet/quote.h"
#include "tools/stet/status_macros.h"

namespace stet::cli {
namespace {

constexpr std::string_view kOpen = "${tasks.";
constexpr std::string_view kEscapedOpen = "$${tasks.";
constexpr std::string_view kOutput = ".output";

// The reference whose inside, between "${tasks." and "}", is `inside`.  A task's id may hold dots and slashes: the last ".output"
// that ends the reference or begins a pointer decides.
absl::StatusOr<ArgumentPart> ParseInside(std::string_view inside) {
  for (size_t at = inside.find(kOutput); at != inside.npos; at = inside.find(kOutput, at + 1)) {
    const std::string_view rest = inside.substr(at + kOutput.size());
    if (at > 0 && (rest.empty() || rest.front() == '/')) {
      return ArgumentPart{.task = std::string(inside.substr(0, at)), .pointer = std::string(rest)};
    }
  }
  return absl::InvalidArgumentError(
      fmt::format("{} must have the form ${{tasks.ID.output}} or ${{tasks.ID.output/json/pointer}}",
                  Quote(fmt::format("{}{}}}", kOpen, inside))));
}

}  // namespace

absl::StatusOr<std::vector<ArgumentPart>> SplitArgument(std::string_view argument) {
  std::vector<ArgumentPart> parts;
  std::string literal;
  while (!argument.empty()) {
    if (argument.substr(0, kEscapedOpen.size()) == kEscapedOpen) {
      literal += kOpen;
      argument.remove_prefix(kEscapedOpen.size());
    } else if (argument.substr(0, kOpen.size()) == kOpen) {
      const size_t close = argument.find('}');
      if (close == argument.npos) {
        return absl::InvalidArgumentError(fmt::format("{} has no closing brace", Quote(argument)));
      }
      STET_ASSIGN_OR_RETURN(ArgumentPart reference,
                            ParseInside(argument.substr(kOpen.size(), close - kOpen.size())));
      if (!literal.empty()) parts.push_back({.text = std::move(literal)});
      literal.clear();
      parts.push_back(std::move(reference));
      argument.remove_prefix(close + 1);
    } else {
      literal += argument.front();
      argument.remove_prefix(1);
    }
  }
  if (!literal.empty() || parts.empty()) parts.push_back({.text = std::move(literal)});
  return parts;
}

absl::StatusOr<std::string> ResolveReference(const ArgumentPart& reference,
                                             const std::string& output) {
  const std::string name = fmt::format("${{tasks.{}.output{}}}", reference.task, reference.pointer);
  if (reference.pointer.empty()) {
    std::string text = output;
    while (!text.empty() && text.back() == '\n') text.pop_back();
    if (text.find('\0') == std::string::npos) return text;
    return absl::FailedPreconditionError(
        fmt::format("{}: the output holds a NUL, which no argument can", name));
  }
  // The strict reader bounds the depth, so that neither this nor the library's value recurses far.
  if (absl::Status valid = ParseJson(output, "output").status(); !valid.ok()) {
    return absl::FailedPreconditionError(
        fmt::format("{}: {}", name, OneLine(std::string(valid.message()))));
  }
  nlohmann::json value = nlohmann::json::parse(output, nullptr, false);
  try {
    value = nlohmann::json(value.at(nlohmann::json::json_pointer(reference.pointer)));
  } catch (const nlohmann::json::exception&) {
    return absl::FailedPreconditionError(fmt::format("{}: the output has no such value", name));
  }
  return value.is_string() ? value.get<std::string>() : value.dump();
}

absl::StatusOr<std::string> ExpandArgument(
    std::string_view argument,
    const std::function<absl::StatusOr<std::string>(const std::string& task)>& output_of) {
  STET_ASSIGN_OR_RETURN(const std::vector<ArgumentPart> parts, SplitArgument(argument));
  std::string expanded;
  for (const ArgumentPart& part : parts) {
    if (part.task.empty()) {
      expanded += part.text;
      continue;
    }
    STET_ASSIGN_OR_RETURN(const std::string output, output_of(part.task));
    STET_ASSIGN_OR_RETURN(const std::string value, ResolveReference(part, output));
    expanded += value;
  }
  return expanded;
}

}  // namespace stet::cli
