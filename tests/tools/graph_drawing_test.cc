// The graph of a workflow as text.
#include "tools/stet/graph_drawing.h"

#include <string>

#include <doctest/doctest.h>

namespace stet::cli::graph_drawing_test {
namespace {

Workflow Diamond() {
  return {.name = "d",
          .tasks = {{.name = "a", .activity = "x"},
                    {.name = "b\"", .activity = "x", .after = {"a"}},
                    {.name = "c", .activity = "x", .after = {"a", "b\""}},
                    {.name = "e", .activity = "x"}}};
}

TEST_SUITE("graph drawing") {
  TEST_CASE("every task and every dependency is drawn, the longest chain bold, names quoted") {
    const Workflow workflow = Diamond();
    const auto graph = WorkflowGraph::Of(workflow);
    REQUIRE_MESSAGE(graph.ok(), graph.status().ToString());
    CHECK_EQ(GraphDot(workflow, *graph),
             "digraph \"d\" {\n  rankdir=LR;\n  node [shape=box, style=rounded];\n"
             "  \"a\";\n  \"b\\\"\";\n  \"c\";\n  \"e\";\n"
             "  \"a\" -> \"b\\\"\" [penwidth=2];\n"
             "  \"a\" -> \"c\";\n  \"b\\\"\" -> \"c\" [penwidth=2];\n}\n");
    CHECK_EQ(GraphMermaid(workflow, *graph),
             "flowchart LR\n  t0(\"a\")\n  t1(\"b#34;\")\n  t2(\"c\")\n  t3(\"e\")\n"
             "  t0 ==> t1\n  t0 --> t2\n  t1 ==> t2\n");
    CHECK_EQ(GraphJson(workflow, *graph).dump(),
             R"({"workflow":"d","tasks":[{"id":"a","wave":0,"after":[]},)"
             R"({"id":"b\"","wave":1,"after":["a"]},{"id":"c","wave":2,"after":["a","b\""]},)"
             R"({"id":"e","wave":0,"after":[]}],"waves":3,"widest_wave":2,)"
             R"("longest_chain":["a","b\"","c"]})");
  }
}

}  // namespace
}  // namespace stet::cli::graph_drawing_test
