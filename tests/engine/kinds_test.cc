// Branches, cleanup and compensation as users meet them.
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/mutex.h"
#include "stet/engine.h"
#include "stet/reason.h"
#include "tests/engine/fixture.h"

namespace stet::kinds_test {
namespace {

using testing::MustOpen;
using testing::MustStart;
using testing::MustWait;
using testing::TempDirectory;

// Notes who ran, in order; "bad" fails, others answer with their config.
struct Diary {
  Mutex mutex;
  std::string ran;

  Activity Writer() {
    return [this](ActivityContext& context) -> absl::StatusOr<Payload> {
      {
        MutexLock lock(mutex);
        ran += std::string(context.task()) + " ";
      }
      if (context.task() == "bad") return absl::FailedPreconditionError("it is bad");
      return Payload(std::string(context.config()));
    };
  }
  std::string text() {
    MutexLock lock(mutex);
    return ran;
  }
};

Task Named(std::string name, std::vector<std::string> after = {}, std::string config = "{}") {
  return {.name = std::move(name),
          .activity = "note",
          .after = std::move(after),
          .config = std::move(config)};
}

EngineOptions Options(std::vector<Task> tasks, Diary& diary, const std::string& directory = {}) {
  return {.directory = directory,
          .concurrency = 1,
          .workflows = {{.name = "main", .tasks = std::move(tasks)}},
          .activities = {{"note", diary.Writer()}, {"undo", diary.Writer()}}};
}

// A choice by a condition on the output of "probe", which is `output`.
std::vector<Task> Choice(const std::string& output, const When& when) {
  Task choice = {.name = "if", .after = {"probe"}};
  choice.kind = ConditionalTask{.when = when, .then = {"yes"}, .otherwise = {"no"}};
  return {Named("probe", {}, output), choice, Named("yes", {"if"}), Named("no", {"if"})};
}

TEST_SUITE_BEGIN("engine");

TEST_CASE("a condition on an upstream output chooses the branch") {
  struct Case {
    std::string output;
    When when;
    std::string ran;
  };
  const When number = {.task = "probe", .pointer = "/n/1", .op = CompareOp::kGreater, .value = "2"};
  const std::vector<Case> cases = {
      {R"({"n":[1,3]})", number, "probe yes "},
      {R"({"n":[3,2]})", number, "probe no "},
      {R"({"n":["3","3"]})", number, "probe no "},
      {R"({"n":[3]})", number, "probe no "},
      {"true", {.task = "probe"}, "probe yes "},
      {R"({"a/b":null})",
       {.task = "probe", .pointer = "/a~1b", .op = CompareOp::kExists},
       "probe yes "},
      {R"("x")", {.task = "probe", .op = CompareOp::kNotEqual, .value = R"("x")"}, "probe no "},
  };
  for (const Case& one : cases) {
    CAPTURE(one.output);
    Diary diary;
    const auto engine = MustOpen(Options(Choice(one.output, one.when), diary));
    MustStart(*engine, "k");
    const ExecutionReport report = MustWait(*engine, "k");
    CHECK_EQ(diary.text(), one.ran);
    CHECK(report.success());
    CHECK_EQ(report.state, ExecutionState::kCompleted);
    CHECK_EQ(report.output("if"), one.ran == "probe yes "
                                      ? R"({"taken":true,"branch":"then"})"
                                      : R"({"taken":false,"branch":"otherwise"})");
  }
}

TEST_CASE("a condition on what is no JSON fails its task, once") {
  Diary diary;
  std::vector<Task> tasks = Choice("{", {.task = "probe"});
  tasks[1].retry.max_attempts = 5;
  const auto engine = MustOpen(Options(tasks, diary));
  MustStart(*engine, "k");
  const ExecutionReport report = MustWait(*engine, "k");
  CHECK_EQ(report.state, ExecutionState::kFailed);
  CHECK_EQ(report.task("if")->attempts, 1);
  CHECK_NE(report.task("if")->error.find("no JSON"), std::string::npos);
}

TEST_CASE("an activity's true or false chooses, and anything else is a failure") {
  const std::map<std::string, std::string> cases = {
      {"true", "if yes "}, {" false\n", "if no "}, {"1", "if "}, {"", "if "}};
  for (const auto& one : cases) {
    const auto& output = one.first;
    const auto& ran = one.second;
    CAPTURE(output);
    Diary diary;
    std::vector<Task> tasks = {Named("if", {}, output), Named("yes", {"if"}), Named("no", {"if"})};
    tasks[0].kind = ConditionalTask{.then = {"yes"}, .otherwise = {"no"}};
    const auto engine = MustOpen(Options(tasks, diary));
    MustStart(*engine, "k");
    const ExecutionReport report = MustWait(*engine, "k");
    CHECK_EQ(diary.text(), ran);
    CHECK_EQ(report.success(), ran != "if ");
  }
}

TEST_CASE("what fails is undone, last first, and then cleaned up; the log tells the same") {
  const TempDirectory directory;
  Diary diary;
  std::vector<Task> tasks = {Named("flight"), Named("hotel", {"flight"}), Named("bad", {"hotel"}),
                             Named("cleanup")};
  tasks[0].compensate = tasks[1].compensate = "undo";
  tasks[3].trigger = Trigger::kExit;
  const std::string ran = "flight hotel bad compensate:hotel compensate:flight cleanup ";
  for (int open = 0; open < 2; ++open) {
    const auto engine = MustOpen(Options(tasks, diary, directory.engine()));
    MustStart(*engine, "k");
    const ExecutionReport report = MustWait(*engine, "k");
    CHECK_EQ(diary.text(), ran);
    CHECK_EQ(report.state, ExecutionState::kFailed);
    CHECK_FALSE(report.success());
    CHECK_EQ(report.tasks.size(), 6);
    CHECK_EQ(ReasonOf(engine->Retry("k").status()), Reason::kCompensated);
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::kinds_test
