// Workflow files: what they mean, and every mistake refused with its place.
#include "tools/stet/workflow_file.h"

#include <string>

#include <doctest/doctest.h>

#include "tools/stet/command_config.h"
#include "tools/stet/command_format.h"
#include "tools/stet/field.h"
#include "tools/stet/json_document.h"

namespace stet::cli::workflow_file_test {
namespace {

absl::StatusOr<Workflow> Parse(const std::string& text, FileOptions options = {}) {
  return ParseWorkflow(text, "dir/flow.json", options);
}

// "file:line:column: pointer: what": all of `parts` must be in the message, which must be one line.
void CheckRefused(const std::string& text, std::initializer_list<const char*> parts) {
  const auto workflow = Parse(text);
  CAPTURE(text);
  REQUIRE_FALSE(workflow.ok());
  CHECK_EQ(workflow.status().code(), absl::StatusCode::kInvalidArgument);
  const std::string message(workflow.status().message());
  CHECK_EQ(message.rfind("dir/flow.json", 0), 0);
  CHECK_EQ(message.find('\n'), std::string::npos);
  for (const char* part : parts) {
    CAPTURE(message);
    CAPTURE(part);
    CHECK_NE(message.find(part), std::string::npos);
  }
}

// A workflow with one task that holds `fields` besides its id.
std::string OneTask(const std::string& fields) {
  return R"({"tasks": [{"id": "a")" + (fields.empty() ? "" : ", " + fields) + "}]}";
}

std::string WfFormat(const std::string& tasks, const std::string& runtimes,
                     const std::string& version = "1.5") {
  return R"({"name": "w", "schemaVersion": ")" + version +
         R"(", "workflow": {"specification": {"tasks": [)" + tasks +
         R"(]}, "execution": {"tasks": [)" + runtimes + "]}}}";
}

TEST_SUITE("workflow file") {
  TEST_CASE("a workflow of commands") {
    const auto workflow = Parse(R"({"name": "w", "defaults": {"env": {"A": "1"}, "timeout": "1m"},
      "tasks": [
        {"id": "a", "run": "echo $A"},
        {"id": "b", "command": ["cat", "x y", "${tasks.a.output}"], "after": ["a"], "cwd": "sub",
         "env": {"B": "2"}, "timeout": "30s", "priority": -3,
         "retry": {"max_attempts": 3, "max_lost": 4,
                   "backoff": {"kind": "linear", "base": "2s", "cap": "10s", "jitter": 0}}}]})");
    REQUIRE_MESSAGE(workflow.ok(), workflow.status().ToString());
    CHECK_EQ(workflow->name, "w");
    REQUIRE_EQ(workflow->tasks.size(), 2);
    const Task& a = workflow->tasks[0];
    CHECK_EQ(a.config, R"({"command":["/bin/sh","-c","echo $A"],"env":{"A":"1"}})");
    CHECK_EQ(*a.timeout, absl::Minutes(1));
    CHECK_EQ(a.retry, RetryPolicy{});
    const Task& b = workflow->tasks[1];
    CHECK_EQ(b.activity, "command");
    CHECK_EQ(b.after, std::vector<std::string>{"a"});
    CHECK_EQ(*b.timeout, absl::Seconds(30));
    CHECK_EQ(b.priority, -3);
    CHECK_EQ(b.retry.max_attempts, 3);
    CHECK_EQ(b.retry.max_lost, 4);
    CHECK_EQ(b.retry.backoff.kind, BackoffKind::kLinear);
    CHECK_EQ(b.retry.backoff.cap, absl::Seconds(10));
    const auto config = CommandConfig::FromJson(b.config);
    REQUIRE(config.ok());
    CHECK_EQ(config->argv[1], "x y");
    CHECK_EQ(config->cwd, "sub");
    CHECK_EQ(config->env.size(), 2);
  }

  TEST_CASE("kinds of task, and what few tasks say") {
    const auto document = ParseJson(R"({"tasks": [
        {"id": "a", "run": "x", "stateful": true, "repeat": {"count": 3, "interval": "1s"}},
        {"id": "b", "if": {"task": "a", "pointer": "/n", "op": ">=", "value": 2.5},
         "then": ["c"], "else": ["d"], "after": ["a"]},
        {"id": "c", "run": "x", "after": ["b"],
         "loop": {"max_iterations": 9, "break_when": {"pointer": "/ok"}}},
        {"id": "d", "signal": {"name": "go", "timeout": "1h"}, "after": ["b"]},
        {"id": "e", "sleep": "5m"},
        {"id": "f", "run": "x", "map": {"items": {"pointer": "/files"}, "parallelism": 8}},
        {"id": "g", "workflow": {"name": "other", "input": {"task": "a"}}, "after": ["a"]},
        {"id": "h", "run": "x", "repeat": {"cron": "@hourly", "max_occurrences": 2},
         "on_upstream_failure": "run", "breaker": "bank",
         "timeouts": {"schedule_to_start": "1s", "schedule_to_close": "2s", "heartbeat": "3s"},
         "concurrency_key": {"key": "${key}", "held_in_retry": true},
         "retry": {"non_retryable": ["aborted", "internal"], "deadline": "1h"}},
        {"id": "i", "run": "x", "trigger": "exit"},
        {"id": "j", "command": ["test"], "then": ["k"]},
        {"id": "k", "run": "x", "after": ["j"]}]})",
                                    "f");
    REQUIRE(document.ok());
    const auto workflow = ParseCommandWorkflow(Field("f", *document), {});
    REQUIRE_MESSAGE(workflow.ok(), workflow.status().ToString());
    const std::vector<Task>& t = workflow->tasks;
    CHECK(*t[0].kind == KindSpec(StatefulTask{}));
    CHECK(*t[0].repeat == RunPolicy(Repeat{.count = 3, .interval = absl::Seconds(1)}));
    const When when = {
        .task = "a", .pointer = "/n", .op = CompareOp::kGreaterOrEqual, .value = "2.5"};
    CHECK(*t[1].kind == KindSpec(ConditionalTask{.when = when, .then = {"c"}, .otherwise = {"d"}}));
    CHECK(t[1].activity.empty());
    CHECK(*t[2].kind ==
          KindSpec(LoopTask{.max_iterations = 9, .break_when = When{.pointer = "/ok"}}));
    CHECK(*t[3].kind == KindSpec(EventTask{.signal = "go", .timeout = absl::Hours(1)}));
    CHECK(*t[4].kind == KindSpec(TimerTask{.duration = absl::Minutes(5)}));
    CHECK(*t[5].kind == KindSpec(MapTask{.items = {.pointer = "/files"}, .parallelism = 8}));
    CHECK(*t[6].kind == KindSpec(SubWorkflowTask{.workflow = "other", .input = {.task = "a"}}));
    CHECK(*t[7].repeat == RunPolicy(Cron{.expression = "@hourly", .max_occurrences = 2}));
    CHECK_EQ(t[7].on_upstream_failure, UpstreamFailure::kRun);
    CHECK_EQ(t[7].breaker, "bank");
    CHECK_EQ(*t[7].timeouts->heartbeat, absl::Seconds(3));
    CHECK_EQ(t[7].concurrency_key->key, "${key}");
    CHECK(t[7].retry.non_retryable.Has(absl::StatusCode::kAborted));
    CHECK_EQ(*t[7].retry.deadline, absl::Hours(1));
    CHECK_EQ(t[8].trigger, Trigger::kExit);
    CHECK_EQ(t[9].activity, "command");
    CHECK(*t[9].kind == KindSpec(ConditionalTask{.then = {"k"}}));
  }

  TEST_CASE("mistakes in them name their place") {
    CheckRefused(OneTask(R"("sleep": "1s", "run": "x")"), {"/tasks/0/run", "no command"});
    CheckRefused(OneTask(R"("sleep": "1s", "signal": {"name": "x"})"), {"/tasks/0", "one kind"});
    CheckRefused(OneTask(R"("if": {"op": "~"}, "then": ["b"])"), {"/tasks/0/if/op", ">="});
    CheckRefused(OneTask(R"("if": {"value": []}, "then": ["b"])"), {"/tasks/0/if/value"});
    CheckRefused(OneTask(R"("run": "x", "loop": {})"), {"/tasks/0/loop", "max_iterations"});
    CheckRefused(OneTask(R"("run": "x", "trigger": "none")"), {"/tasks/0/trigger", "exit"});
    CheckRefused(OneTask(R"("run": "x", "on_upstream_failure": "stop")"), {"skip", "run"});
    CheckRefused(OneTask(R"("run": "x", "repeat": {"cron": "@daily", "count": 1})"),
                 {"/tasks/0/repeat/count", "cron"});
    CheckRefused(OneTask(R"("run": "x", "repeat": {"count": 1, "max_occurrences": 1})"),
                 {"/tasks/0/repeat/max_occurrences"});
    CheckRefused(OneTask(R"("run": "x", "retry": {"non_retryable": ["ok"]})"),
                 {"/tasks/0/retry/non_retryable/0", "aborted"});
  }

  TEST_CASE("the name defaults to the file's, attempts to the setting") {
    const auto workflow = Parse(OneTask(R"("run": "true")"), {.max_attempts = 4});
    REQUIRE(workflow.ok());
    CHECK_EQ(workflow->name, "flow");
    CHECK_EQ(workflow->tasks[0].retry.max_attempts, 4);
  }

  TEST_CASE("the layout of the text does not change the definition") {
    const auto a = Parse(R"({"tasks": [{"id": "a", "env": {"X": "1", "Y": "2"}, "run": "true"}]})");
    const auto b =
        Parse("{\"tasks\":[{\"run\":\"true\",\n\"env\":{\"Y\":\"2\",\"X\":\"1\"},\"id\":\"a\"}]}");
    REQUIRE(a.ok());
    REQUIRE(b.ok());
    CHECK_EQ(HashOf(*a), HashOf(*b));
  }

  TEST_CASE("mistakes in the file as a whole") {
    CheckRefused("[]", {":1:1: must be an object"});
    CheckRefused("{}", {"\"tasks\" is missing"});
    CheckRefused(R"({"tasks": []})", {"/tasks: ", "at least one task"});
    CheckRefused(R"({"tasks": {}})", {"/tasks: must be an array, is an object"});
    CheckRefused(R"({"tasks": [1]})", {"/tasks/0: must be an object, is an integer"});
    CheckRefused(R"({"task": []})", {"/task: unknown key \"task\""});
    CheckRefused(R"({"name": "", "tasks": []})", {"/name: must not be empty"});
    CheckRefused(R"({"name": 1, "tasks": []})", {"/name: must be a string"});
    CheckRefused("{\n \"tasks\": [\n {\"id\": \"a\", \"id\": \"b\"}]}", {":3:", "twice"});
    CheckRefused("not json", {":1:", "not JSON"});
    CheckRefused(std::string(10 << 20, '['), {"nested deeper"});
  }

  TEST_CASE("mistakes in a task") {
    CheckRefused(OneTask(""), {"/tasks/0: needs \"command\""});
    CheckRefused(OneTask(R"("run": "x", "command": ["x"])"), {"has both"});
    CheckRefused(OneTask(R"("run": "x", "runs": 1)"), {"/tasks/0/runs: unknown key"});
    CheckRefused(OneTask(R"("command": [])"), {"/tasks/0/command: must not be empty"});
    CheckRefused(OneTask(R"("command": "x")"), {"must be an array, is a string"});
    CheckRefused(OneTask(R"("command": [""])"), {"/tasks/0/command/0"});
    CheckRefused(OneTask(R"("command": ["a", 1])"), {"/tasks/0/command/1: must be a string"});
    CheckRefused(OneTask(R"("command": ["a\u0000b"])"), {"NUL"});
    CheckRefused(OneTask(R"("run": "x", "timeout": "0s")"), {"/tasks/0/timeout", "duration"});
    CheckRefused(OneTask(R"("run": "x", "timeout": 30)"),
                 {"in quotes such as \"30s\", is an integer"});
    CheckRefused(OneTask(R"("run": "x", "timeout": "inf")"),
                 {"a duration longer than 0 that ends"});
    CheckRefused(OneTask(R"("run": "x", "priority": 1.5)"), {"must be an integer"});
    CheckRefused(OneTask(R"("run": "x", "priority": 3000000000)"), {"must be from"});
    CheckRefused(OneTask(R"("run": "x", "env": {"A=B": "1"})"), {"/tasks/0/env/A=B"});
    CheckRefused(OneTask(R"("run": "x", "env": {"A": 1})"), {"/tasks/0/env/A: must be a string"});
    CheckRefused(OneTask(R"("run": "x", "retry": {"max_attempts": 0})"),
                 {"/max_attempts", "from 1"});
    CheckRefused(OneTask(R"("run": "x", "retry": {"backoff": {"kind": "odd"}})"), {"/kind", "odd"});
    CheckRefused(OneTask(R"("run": "x", "retry": {"backoff": {"jitter": 2}})"), {"from 0 to 1"});
    CheckRefused(OneTask(R"("run": "x", "retry": {"backoff": {"base": "9s", "cap": "1s"}})"),
                 {"cap"});
    CheckRefused(R"({"tasks": [{"run": "x"}]})", {"/tasks/0: \"id\" is missing"});
    CheckRefused(R"({"defaults": {"after": []}, "tasks": []})", {"/defaults/after: unknown key"});
  }

  TEST_CASE("mistakes in the graph") {
    CheckRefused(R"({"tasks": [{"id": "a", "run": "x"}, {"id": "a", "run": "x"}]})",
                 {"/tasks/1: duplicate id \"a\"", "/tasks/0"});
    CheckRefused(OneTask(R"("run": "x", "after": ["b"])"),
                 {"/tasks/0/after/0: ", "\"a\" depends on \"b\", which is not defined"});
    CheckRefused(OneTask(R"("run": "x", "after": ["a"])"), {"/tasks/0/after/0: ", "itself"});
    CheckRefused(
        R"({"tasks": [{"id": "a", "run": "x"}, {"id": "b", "run": "x", "after": ["a", "a"]}]})",
        {"/tasks/1/after/1: \"a\" is listed twice"});
    CheckRefused(
        R"({"tasks": [{"id": "a", "run": "x", "after": ["c"]}, {"id": "b", "run": "x", "after": ["a"]},
                    {"id": "c", "run": "x", "after": ["b"]}]})",
        {"cycle", "a", "b", "c"});
  }

  TEST_CASE("mistakes in references") {
    CheckRefused(OneTask(R"("command": ["x", "${tasks.b.output}"])"),
                 {"/command/1", "not in \"after\""});
    CheckRefused(OneTask(R"("command": ["x", "${tasks.b.out}"])"), {"/command/1", "form"});
    CheckRefused(OneTask(R"("run": "x ${tasks.b.output}")"), {"/tasks/0/run"});
    CheckRefused(R"({"tasks": [{"id": "a", "run": "x"},
                    {"id": "b", "command": ["/bin/bash", "-ec", "x ${tasks.a.output}"], "after": ["a"]}]})",
                 {"/tasks/1/command/2", "shell text"});
    CHECK(Parse(R"({"tasks": [{"id": "a", "run": "x"},
                   {"id": "b", "command": ["sh", "-c", "x \"$1\"", "sh", "${tasks.a.output}"], "after": ["a"]}]})")
              .ok());
    CheckRefused(R"({"tasks": [{"id": "a-b", "run": "x"}, {"id": "a_b", "run": "x"},
                    {"id": "c", "run": "x", "after": ["a-b", "a_b"]}]})",
                 {"/tasks/2", "STET_OUTPUT_A_B"});
  }

  TEST_CASE("WfFormat: ids, parents and scaled runtimes") {
    const auto workflow = Parse(
        WfFormat(R"({"id": "p", "name": "n", "parents": [], "children": ["c"]},
                          {"id": "c", "name": "n", "parents": ["p"], "children": []})",
                 R"({"id": "c", "runtimeInSeconds": 2}, {"id": "p", "runtimeInSeconds": 1.5})"),
        {.time_scale = 0.001});
    REQUIRE_MESSAGE(workflow.ok(), workflow.status().ToString());
    CHECK_EQ(workflow->tasks[0].activity, "sleep");
    CHECK_EQ(workflow->tasks[0].config, "1.5ms");
    CHECK_EQ(workflow->tasks[1].config, "2ms");
    CHECK_EQ(workflow->tasks[1].after, std::vector<std::string>{"p"});
  }

  TEST_CASE("WfFormat: mistakes") {
    const std::string task = R"({"id": "a", "parents": [], "children": []})";
    const std::string runtime = R"({"id": "a", "runtimeInSeconds": 1})";
    CHECK(Parse(WfFormat(task, runtime)).ok());
    CheckRefused(WfFormat(task, runtime, "1.4"), {"/schemaVersion", "1.4", "only 1.5"});
    CheckRefused(R"({"name": "w", "workflow": {}})", {"\"schemaVersion\" is missing"});
    CheckRefused(WfFormat("", runtime), {"/workflow/specification/tasks", "at least one"});
    CheckRefused(WfFormat(task, ""), {"/tasks/0/id", "not in /workflow/execution/tasks"});
    CheckRefused(WfFormat(task + "," + task, runtime), {"/tasks/1/id", "duplicate id"});
    CheckRefused(WfFormat(task, runtime + "," + runtime), {"duplicate id"});
    CheckRefused(WfFormat(task, runtime + R"(, {"id": "b", "runtimeInSeconds": 1})"), {"fewer"});
    CheckRefused(WfFormat(task, R"({"id": "a", "runtimeInSeconds": -1})"), {"/runtimeInSeconds"});
    CheckRefused(WfFormat(R"({"id": "a", "parents": ["b"], "children": []})", runtime),
                 {"/parents/0", "not defined"});
    CheckRefused(WfFormat(R"({"id": "a", "parents": ["a"], "children": ["a"]})", runtime),
                 {"/parents/0", "itself"});
    CheckRefused(WfFormat(R"({"id": "a", "parents": [], "children": ["a"]})", runtime),
                 {"/children/0", "parents"});
    CheckRefused(WfFormat(R"({"id": "a", "parents": [], "children": []},
                             {"id": "b", "parents": ["a"], "children": []})",
                          runtime + R"(, {"id": "b", "runtimeInSeconds": 1})"),
                 {"\"b\" has the parent \"a\"", "children"});
  }

  TEST_CASE("YAML says the same as JSON") {
    const auto json = ParseWorkflow(R"({"name": "report", "defaults": {"timeout": "30s"}, "tasks": [
        {"id": "fetch", "run": "echo '1: {a}' # no comment", "priority": 3},
        {"id": "no", "command": ["sort", "-n", "7"], "after": ["fetch"],
         "retry": {"max_attempts": 3, "backoff": {"kind": "fixed", "base": "1s"}}}]})",
                                    "flow.json", {});
    const std::string text = R"(# a comment
name: report
defaults: {timeout: 30s}
tasks:
  - id: fetch
    run: |-
      echo '1: {a}' # no comment
    priority: 3
  - id: no
    command: [sort, -n, "7"]
    after:
      - fetch
    retry:
      max_attempts: 3
      backoff: {kind: fixed, base: "1s"}
)";
    const auto yaml = ParseWorkflow(text, "flow.yaml", {});
    REQUIRE_MESSAGE(json.ok(), json.status().ToString());
    REQUIRE_MESSAGE(yaml.ok(), yaml.status().ToString());
    CHECK(*yaml == *json);
    CHECK(ParseWorkflow(text, "flow", {.format = FileFormat::kYaml}).ok());
    CHECK_FALSE(ParseWorkflow(text, "flow", {}).ok());
  }

  TEST_CASE("a mistake in YAML is named with line and column") {
    const auto refused = [](const std::string& text) {
      return std::string(ParseWorkflow(text, "f.yaml", {}).status().message());
    };
    CHECK_EQ(refused("tasks:\n  - id: a\n    run: x\n    retries: 3\n").substr(0, 35),
             "f.yaml:4:14: /tasks/0/retries: unkn");
    CHECK(refused("tasks:\n  - id: a\n    run: x\n    id: b\n").starts_with("f.yaml:4:5: the key"));
    CHECK(refused("tasks:\n  - id: a\n    run: x\n    priority: high\n")
              .starts_with("f.yaml:4:15: /tasks/0/priority: must be an integer"));
  }

  TEST_CASE("a file that is not there says so") {
    const auto missing = LoadWorkflow("/no/such/file.json", {});
    CHECK_EQ(missing.status().code(), absl::StatusCode::kNotFound);
    CHECK_NE(missing.status().message().find("/no/such/file.json"), std::string::npos);
  }
}

}  // namespace
}  // namespace stet::cli::workflow_file_test
