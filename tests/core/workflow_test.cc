// Workflows that cannot be, each refused by name; order and identity of those that can.
#include "stet/workflow.h"

#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "core/definition.h"
#include "stet/reason.h"

namespace stet::workflow_test {
namespace {

Task Named(std::string name, std::vector<std::string> after = {}) {
  return {.name = std::move(name), .activity = "a", .after = std::move(after)};
}

Workflow Of(std::vector<Task> tasks) { return {.name = "w", .tasks = std::move(tasks)}; }

// The refusal of a workflow with one task, changed by `change`.
template <class Change>
std::string InvalidField(Change change) {
  Workflow workflow = Of({Named("t")});
  change(workflow.tasks[0]);
  const absl::Status status = Validate(workflow);
  CHECK_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  CHECK_EQ(ReasonOf(status), Reason::kInvalidPolicy);
  CHECK_EQ(ReasonField(status, "task"), "t");
  return ReasonField(status, "field");
}

Reason ReasonFor(const Workflow& workflow) { return ReasonOf(Validate(workflow)); }

TEST_SUITE_BEGIN("Workflow");

TEST_CASE("a graph that cannot be is refused, and the refusal names its tasks") {
  CHECK_EQ(ReasonFor(Of({})), Reason::kEmptyWorkflow);

  const absl::Status twice = Validate(Of({Named("x"), Named("y"), Named("x")}));
  CHECK_EQ(ReasonOf(twice), Reason::kDuplicateTask);
  CHECK_EQ(ReasonField(twice, "task"), "x");

  const absl::Status self = Validate(Of({Named("x", {"x"})}));
  CHECK_EQ(ReasonOf(self), Reason::kSelfDependency);
  CHECK_EQ(ReasonField(self, "task"), "x");

  const absl::Status missing = Validate(Of({Named("x", {"nobody"})}));
  CHECK_EQ(ReasonOf(missing), Reason::kMissingDependency);
  CHECK_EQ(ReasonField(missing, "task"), "x");
  CHECK_EQ(ReasonField(missing, "dependency"), "nobody");

  const absl::Status cycle =
      Validate(Of({Named("start"), Named("a", {"start", "c"}), Named("b", {"a"}), Named("c", {"b"}),
                   Named("behind", {"c"})}));
  CHECK_EQ(ReasonOf(cycle), Reason::kCycle);
  CHECK_EQ(ReasonField(cycle, "tasks"), "a, c, b");
}

TEST_CASE("a long cycle is named in part") {
  std::vector<Task> tasks = {Named("t0", {"t99"})};
  for (int i = 1; i < 100; ++i) {
    tasks.push_back(Named(fmt::format("t{}", i), {fmt::format("t{}", i - 1)}));
  }
  const absl::Status status = Validate(Of(tasks));
  CHECK_EQ(ReasonOf(status), Reason::kCycle);
  CHECK(ReasonField(status, "tasks").ends_with("... (100 tasks)"));
}

TEST_CASE("names are text of 1 to 255 bytes without control characters") {
  for (const std::string& name :
       {std::string(), std::string("a\nb"), std::string(1, '\0'), std::string("\x7F"),
        std::string("\xFF"), std::string(256, 'x')}) {
    const absl::Status status = Validate(Of({Named(name)}));
    CHECK_EQ(ReasonOf(status), Reason::kInvalidName);
    CHECK_EQ(ReasonField(status, "name"), name);
  }
  CHECK(Validate(Of({Named(std::string(255, 'x')), Named("Übermaß 山")})).ok());
  Workflow unnamed = Of({Named("t")});
  unnamed.name.clear();
  CHECK_EQ(ReasonFor(unnamed), Reason::kInvalidName);
  Workflow inactive = Of({Named("t")});
  inactive.tasks[0].activity.clear();
  CHECK_EQ(ReasonFor(inactive), Reason::kInvalidName);
}

TEST_CASE("sizes have limits") {
  Workflow workflow = Of({Named("t")});
  workflow.tasks[0].config.assign((1 << 20) + 1, 'x');
  const absl::Status status = Validate(workflow);
  CHECK_EQ(ReasonOf(status), Reason::kTooLarge);
  CHECK_EQ(ReasonField(status, "what"), "config");
  CHECK_EQ(ReasonField(status, "bytes"), "1048577");
  CHECK_EQ(ReasonField(status, "limit"), "1048576");

  const absl::Status many =
      core::PreparedWorkflow::Make(Of({Named("a"), Named("b"), Named("c")}), 2).status();
  CHECK_EQ(ReasonOf(many), Reason::kTooManyTasks);
  CHECK_EQ(ReasonField(many, "count"), "3");
  CHECK_EQ(ReasonField(many, "limit"), "2");
}

TEST_CASE("policies are checked field by field") {
  CHECK_EQ(InvalidField([](Task& t) { t.retry.max_attempts = 0; }), "max_attempts");
  CHECK_EQ(InvalidField([](Task& t) { t.retry.max_lost = 0; }), "max_lost");
  CHECK_EQ(InvalidField([](Task& t) { t.retry.backoff.kind = static_cast<BackoffKind>(9); }),
           "backoff.kind");
  CHECK_EQ(InvalidField([](Task& t) { t.retry.backoff.base = absl::ZeroDuration(); }),
           "backoff.base");
  CHECK_EQ(InvalidField([](Task& t) { t.retry.backoff.base = absl::InfiniteDuration(); }),
           "backoff.base");
  CHECK_EQ(InvalidField([](Task& t) { t.retry.backoff.cap = absl::Milliseconds(1); }),
           "backoff.cap");
  CHECK_EQ(InvalidField([](Task& t) { t.retry.backoff.factor = 0.5; }), "backoff.factor");
  CHECK_EQ(InvalidField(
               [](Task& t) { t.retry.backoff.factor = std::numeric_limits<double>::quiet_NaN(); }),
           "backoff.factor");
  CHECK_EQ(InvalidField([](Task& t) { t.retry.backoff.jitter = 1.5; }), "backoff.jitter");
  CHECK_EQ(InvalidField(
               [](Task& t) { t.retry.backoff.jitter = std::numeric_limits<double>::quiet_NaN(); }),
           "backoff.jitter");
  CHECK_EQ(InvalidField([](Task& t) { t.timeout = absl::ZeroDuration(); }), "timeout");
  CHECK_EQ(InvalidField([](Task& t) { t.timeout = absl::InfiniteDuration(); }), "timeout");
}

TEST_CASE("in topological order, tasks that could swap stand as declared") {
  const auto order = TopologicalOrder(
      Of({Named("d", {"b", "c"}), Named("c", {"a"}), Named("b", {"a"}), Named("a"), Named("e")}));
  REQUIRE(order.ok());
  CHECK_EQ(*order, std::vector<uint32_t>{3, 1, 2, 0, 4});
  CHECK_FALSE(TopologicalOrder(Of({Named("x", {"x"})})).ok());
}

TEST_CASE("a chain and a star of 200,000 tasks are no problem") {
  constexpr uint32_t kTasks = 200'000;
  std::vector<Task> chain = {Named("0")};
  std::vector<Task> star = {Named("0")};
  for (uint32_t i = 1; i < kTasks; ++i) {
    chain.push_back(Named(fmt::format("{}", i), {fmt::format("{}", i - 1)}));
    star.push_back(Named(fmt::format("{}", i), {"0"}));
  }
  chain[0].after = {};
  const auto order = TopologicalOrder(Of(chain));
  REQUIRE(order.ok());
  CHECK_EQ(order->back(), kTasks - 1);
  CHECK(Validate(Of(star)).ok());
  chain[0].after = {chain.back().name};
  CHECK_EQ(ReasonFor(Of(chain)), Reason::kCycle);
}

TEST_CASE("equal workflows have equal hashes, and every field counts") {
  const Workflow base = Of({Named("a"), Named("b", {"a"})});
  CHECK_EQ(HashOf(base), HashOf(Workflow(base)));
  std::vector<WorkflowHash> hashes = {HashOf(base)};
  const auto changed = [&base, &hashes](auto change) {
    Workflow other = base;
    change(other);
    hashes.push_back(HashOf(other));
  };
  changed([](Workflow& w) { w.name = "w2"; });
  changed([](Workflow& w) { w.tasks[0].name = "a2"; });
  changed([](Workflow& w) { w.tasks[0].activity = "other"; });
  changed([](Workflow& w) { w.tasks[0].config = "{}"; });
  changed([](Workflow& w) { w.tasks[0].priority = -1; });
  changed([](Workflow& w) { w.tasks[1].after = {}; });
  changed([](Workflow& w) { w.tasks[1].after = {"a", "a"}; });
  changed([](Workflow& w) { w.tasks[0].timeout = absl::Seconds(1); });
  changed([](Workflow& w) { w.tasks[0].retry.max_attempts = 2; });
  changed([](Workflow& w) { w.tasks[0].retry.max_lost = 2; });
  changed([](Workflow& w) { w.tasks[0].retry.backoff.kind = BackoffKind::kFixed; });
  changed([](Workflow& w) { w.tasks[0].retry.backoff.base = absl::Seconds(2); });
  changed([](Workflow& w) { w.tasks[0].retry.backoff.cap = absl::Seconds(2); });
  changed([](Workflow& w) { w.tasks[0].retry.backoff.factor = 3; });
  changed([](Workflow& w) { w.tasks[0].retry.backoff.jitter = 0.5; });
  changed([](Workflow& w) { std::swap(w.tasks[0], w.tasks[1]); });
  for (size_t i = 0; i < hashes.size(); ++i) {
    for (size_t k = 0; k < i; ++k) CHECK_NE(hashes[i], hashes[k]);
  }
  Workflow negative = base;
  Workflow positive = base;
  negative.tasks[0].retry.backoff.jitter = -0.0;
  positive.tasks[0].retry.backoff.jitter = 0.0;
  CHECK(negative == positive);
  CHECK_EQ(HashOf(negative), HashOf(positive));
  CHECK_EQ(ToString(WorkflowHash{.high = 1, .low = 0xAB}), "000000000000000100000000000000ab");
}

TEST_CASE("a reason survives any bytes in its fields") {
  const absl::Status status = Validate(Of({Named(std::string("7:\n\0:x", 6))}));
  CHECK_EQ(ReasonOf(status), Reason::kInvalidName);
  CHECK_EQ(ReasonField(status, "name"), std::string("7:\n\0:x", 6));
  CHECK_EQ(ReasonOf(absl::OkStatus()), Reason::kNone);
  CHECK_EQ(ReasonOf(absl::InternalError("x")), Reason::kNone);
  CHECK(ReasonFields(absl::InternalError("x")).empty());
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::workflow_test
