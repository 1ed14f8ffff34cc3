// Finds an execution by what a person types.
#include "engine/resolve.h"

#include <cctype>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/status_macros.h"
#include "core/refusal.h"

namespace stet::engine {
namespace {

constexpr size_t kIdDigits = 16;
constexpr size_t kCandidatesShown = 5;

bool IsHex(std::string_view text) {
  for (const char c : text) {
    if (std::isxdigit(static_cast<unsigned char>(c)) == 0 ||
        std::isupper(static_cast<unsigned char>(c)) != 0)
      return false;
  }
  return !text.empty() && text.size() <= kIdDigits;
}

const core::Execution* FindById(const core::State& state, std::string_view name) {
  if (name.size() != kIdDigits || !IsHex(name)) return nullptr;
  return state.FindExecution(std::stoull(std::string(name), nullptr, 16));
}

}  // namespace

absl::StatusOr<const core::Execution*> Resolve(const core::State& state, std::string_view name) {
  if (const core::Execution* exact = state.FindExecutionByKey(name)) return exact;
  if (const core::Execution* exact = FindById(state, name)) return exact;
  const core::Execution* found = nullptr;
  std::vector<std::string> candidates;
  size_t count = 0;
  if (!name.empty()) {
    const bool may_be_id = IsHex(name);
    for (const auto& execution : state.executions()) {
      const bool fits = execution->key.starts_with(name) ||
                        (may_be_id && core::IdText(execution->id).starts_with(name));
      if (!fits) continue;
      found = execution.get();
      if (++count <= kCandidatesShown) candidates.push_back(execution->key);
    }
  }
  if (count == 1) return found;
  if (count == 0) {
    return core::Refuse(absl::StatusCode::kNotFound, Reason::kUnknownExecution,
                        fmt::format("no execution \"{}\"", name),
                        {{"execution", std::string(name)}});
  }
  return absl::InvalidArgumentError(fmt::format("\"{}\" stands for {} executions: {}{}", name,
                                                count, fmt::join(candidates, ", "),
                                                count > kCandidatesShown ? ", ..." : ""));
}

absl::StatusOr<core::RunRef> ResolveTask(const core::State& state, std::string_view name,
                                         std::string_view task) {
  ASSIGN_OR_RETURN(const core::Execution* execution, Resolve(state, name));
  const std::optional<uint32_t> index = execution->definition->Find(task);
  if (index.has_value()) return core::RunRef{.execution = execution->id, .task = *index};
  return core::Refuse(absl::StatusCode::kNotFound, Reason::kUnknownTask,
                      fmt::format("'{}' has no task '{}'", execution->key, task),
                      {{"execution", core::IdText(execution->id)}, {"task", std::string(task)}});
}

}  // namespace stet::engine
