// From patterns to keys.
#include "core/concurrency_key.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "core/check_workflow.h"
#include "core/refusal.h"
#include "schema/json_value.h"

namespace stet::core {
namespace {

constexpr std::string_view kInput = "input";

// Calls `visit` with each piece of the pattern: text, or what stands between ${ and }.  False as soon as it
// says so, or for a placeholder without end.
template <class Visit>
bool ForEachPiece(std::string_view pattern, Visit visit) {
  while (!pattern.empty()) {
    const size_t begin = pattern.find("${");
    if (begin != 0) {
      const std::string_view text = pattern.substr(0, begin);
      if (!visit(text, false)) return false;
      if (begin == pattern.npos) return true;
    }
    const size_t end = pattern.find('}', begin);
    if (end == pattern.npos || !visit(pattern.substr(begin + 2, end - begin - 2), true))
      return false;
    pattern.remove_prefix(end + 1);
  }
  return true;
}

bool IsPlaceholder(std::string_view name) {
  if (name == "key") return true;
  return name.starts_with(kInput) && schema::IsJsonPointer(name.substr(kInput.size()));
}

absl::Status NoKey(std::string_view pattern, const std::string& what) {
  return Refuse(absl::StatusCode::kInvalidArgument, Reason::kInvalidKey,
                fmt::format("concurrency key '{}': {}", pattern, what),
                {{"key", std::string(pattern)}});
}

absl::StatusOr<std::string> Resolve(std::string_view pattern, std::string_view execution_key,
                                    std::string_view input) {
  std::string key;
  std::string missing;
  ForEachPiece(pattern, [&](std::string_view piece, bool placeholder) {
    if (!placeholder) {
      key += piece;
    } else if (piece == "key") {
      key += execution_key;
    } else {
      const std::string_view pointer = piece.substr(kInput.size());
      const std::optional<std::string> value = schema::ScalarAt(input, pointer);
      if (!value) missing = pointer;
      key += value.value_or("");
      return value.has_value();
    }
    return true;
  });
  if (!missing.empty()) {
    return NoKey(pattern, fmt::format("the input has no text, number or boolean at {}", missing));
  }
  if (!IsName(key)) {
    return NoKey(pattern, fmt::format("expected 1 to {} bytes of UTF-8 without control characters, "
                                      "found {} bytes",
                                      kNameBytesMax, key.size()));
  }
  return key;
}

}  // namespace

bool IsKeyPattern(std::string_view pattern) {
  return ForEachPiece(pattern, [](std::string_view piece, bool placeholder) {
    return !placeholder || IsPlaceholder(piece);
  });
}

absl::StatusOr<std::vector<std::string>> ResolveKeys(const Definition& definition,
                                                     std::string_view execution_key,
                                                     std::string_view input) {
  std::vector<std::string> keys;
  for (const std::string& pattern : definition.key_patterns()) {
    ASSIGN_OR_RETURN(std::string key, Resolve(pattern, execution_key, input));
    keys.push_back(std::move(key));
  }
  return keys;
}

const KeyEntry* KeyOf(const Execution& execution, uint32_t task) {
  if (execution.keys.empty()) return nullptr;
  const uint32_t index = execution.definition->key_index(task);
  return index == kNoKey ? nullptr : execution.keys[index];
}

bool HoldsKey(const Execution& execution, uint32_t task) {
  const TaskSlot& slot = execution.tasks[task];
  if (slot.state == TaskState::kRunning) return true;
  const bool waits =
      slot.state == TaskState::kRetrying ||
      (slot.attempts > 0 && (slot.state == TaskState::kReady || slot.state == TaskState::kPending));
  return waits && execution.definition->extra(task)->key_held_in_retry;
}

}  // namespace stet::core
