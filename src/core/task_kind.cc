// Names of kinds and choices.
#include "stet/task_kind.h"

#include <iterator>

#include "stet/policy.h"

namespace stet {
namespace {

// In the order of the enumerations.
constexpr std::string_view kKinds[] = {"activity", "stateful", "conditional", "loop",
                                       "event",    "timer",    "map",         "sub_workflow"};
static_assert(std::size(kKinds) == kTaskKindCount);
constexpr std::string_view kOps[] = {"true", "exists", "==", "!=", "<", "<=", ">", ">="};
static_assert(std::size(kOps) == kCompareOpCount);
constexpr std::string_view kTriggers[] = {"none", "success", "failure", "cancel", "exit"};
constexpr std::string_view kUpstreamFailures[] = {"skip", "run"};

template <size_t N>
std::string_view NameIn(const std::string_view (&names)[N], size_t index) {
  return index < N ? names[index] : "unknown";
}

template <class E, size_t N>
std::optional<E> ValueIn(const std::string_view (&names)[N], std::string_view name) {
  for (size_t i = 0; i < N; ++i) {
    if (names[i] == name) return static_cast<E>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view ToString(TaskKind kind) { return NameIn(kKinds, static_cast<size_t>(kind)); }
std::string_view ToString(CompareOp op) { return NameIn(kOps, static_cast<size_t>(op)); }
std::string_view ToString(Trigger trigger) {
  return NameIn(kTriggers, static_cast<size_t>(trigger));
}
std::string_view ToString(UpstreamFailure choice) {
  return NameIn(kUpstreamFailures, static_cast<size_t>(choice));
}

std::optional<TaskKind> TaskKindFrom(std::string_view name) {
  return ValueIn<TaskKind>(kKinds, name);
}
std::optional<CompareOp> CompareOpFrom(std::string_view name) {
  return ValueIn<CompareOp>(kOps, name);
}
std::optional<Trigger> TriggerFrom(std::string_view name) {
  return ValueIn<Trigger>(kTriggers, name);
}

}  // namespace stet
