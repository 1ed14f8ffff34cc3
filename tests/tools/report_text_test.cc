// What `stet show` says of tasks.
#include "tools/stet/report_text.h"

#include <string>

#include <doctest/doctest.h>

#include "tools/stet/report_json.h"

namespace stet::cli::report_text_test {
namespace {

ExecutionReport Report() {
  ExecutionReport report = {.id = 1, .key = "k", .workflow = "w"};
  report.tasks = {{.id = "t", .state = TaskState::kRunning, .attempts = 2}};
  return report;
}

bool Says(const ExecutionReport& report, const std::string& what) {
  const std::string text = ReportText(report, "/nowhere");
  CAPTURE(text);
  return text.find(what) != text.npos;
}

TEST_SUITE("report_text") {
  TEST_CASE("a worker that has a task is named, with what became of the attempt before") {
    ExecutionReport report = Report();
    CHECK_FALSE(Says(report, "with worker"));
    CHECK_FALSE(ReportJson(report)["tasks"]["t"].contains("worker"));
    report.tasks[0].worker = "far";
    report.tasks[0].lease_until = absl::FromUnixSeconds(60);
    CHECK(Says(report, "with worker far until 1970-01-01 00:01:00\n"));
    report.tasks[0].error = "UNAVAILABLE: it broke";
    CHECK(Says(report, "with worker far until 1970-01-01 00:01:00; before: it broke\n"));
    const auto json = ReportJson(report)["tasks"]["t"];
    CHECK_EQ(json["worker"], "far");
    CHECK_EQ(json["lease_until"], "1970-01-01T00:01:00.000000000Z");
  }
}

}  // namespace
}  // namespace stet::cli::report_text_test
