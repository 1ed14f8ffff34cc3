// The graph of a workflow, for eyes and for scripts.
#pragma once

#include <span>
#include <string>

#include <nlohmann/json.hpp>
#include <stet/graph.h>
#include <stet/workflow.h>

namespace stet::cli {

// How a task is shown: what stands below its name, and the colour behind both ("#ffe08a").
struct TaskMark {
  std::string note = {};
  std::string colour = {};
};

// A digraph for Graphviz, left to right; the longest chain of dependencies is bold.  `marks`: one for each
// task, or none.
std::string GraphDot(const Workflow& workflow, const WorkflowGraph& graph,
                     std::span<const TaskMark> marks = {});

// The same as a Mermaid flowchart.
std::string GraphMermaid(const Workflow& workflow, const WorkflowGraph& graph,
                         std::span<const TaskMark> marks = {});

// {"workflow", "tasks": [{"id", "wave", "after"}], "waves", "widest_wave", "longest_chain": [ids]};
// a wave holds what may run at the same time if every task takes as long as any other.
nlohmann::ordered_json GraphJson(const Workflow& workflow, const WorkflowGraph& graph);

}  // namespace stet::cli
