// Drawings of a workflow's graph.
#include "tools/stet/graph_drawing.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace stet::cli {
namespace {

using Edge = std::pair<uint32_t, uint32_t>;

std::vector<uint32_t> LongestChain(const WorkflowGraph& graph) {
  // Without durations nothing can be wrong with them.
  return graph.CriticalPath()->tasks;
}

std::set<Edge> EdgesOf(const std::vector<uint32_t>& chain) {
  std::set<Edge> edges;
  for (size_t i = 1; i < chain.size(); ++i) edges.emplace(chain[i - 1], chain[i]);
  return edges;
}

std::string DotQuote(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

// "\n" between the two is Graphviz's own.
std::string DotMark(std::string_view name, const TaskMark& mark) {
  std::string label = DotQuote(name);
  const std::string note = DotQuote(mark.note);
  label.replace(label.size() - 1, 1, "\\n" + note.substr(1));
  return fmt::format(" [label={}, style=\"rounded,filled\", fillcolor={}]", label,
                     DotQuote(mark.colour));
}

// Mermaid has entities instead of escapes.
std::string MermaidQuote(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '#' || c == '<' || c == '>' || c == '&' || c == '`' || c == '\\') {
      quoted += fmt::format("#{};", static_cast<int>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

}  // namespace

std::string GraphDot(const Workflow& workflow, const WorkflowGraph& graph,
                     std::span<const TaskMark> marks) {
  const std::set<Edge> bold = EdgesOf(LongestChain(graph));
  std::string text =
      fmt::format("digraph {} {{\n  rankdir=LR;\n  node [shape=box, style=rounded];\n",
                  DotQuote(workflow.name));
  for (uint32_t task = 0; task < graph.size(); ++task) {
    const std::string& name = workflow.tasks[task].name;
    text += fmt::format("  {}{};\n", DotQuote(name),
                        marks.empty() ? std::string() : DotMark(name, marks[task]));
  }
  for (uint32_t task = 0; task < graph.size(); ++task) {
    for (const uint32_t above : graph.dependencies(task)) {
      text += fmt::format("  {} -> {}{};\n", DotQuote(workflow.tasks[above].name),
                          DotQuote(workflow.tasks[task].name),
                          bold.contains({above, task}) ? " [penwidth=2]" : "");
    }
  }
  return text + "}\n";
}

std::string GraphMermaid(const Workflow& workflow, const WorkflowGraph& graph,
                         std::span<const TaskMark> marks) {
  const std::set<Edge> bold = EdgesOf(LongestChain(graph));
  std::string text = "flowchart LR\n";
  for (uint32_t task = 0; task < graph.size(); ++task) {
    std::string label = MermaidQuote(workflow.tasks[task].name);
    if (!marks.empty()) {
      label.replace(label.size() - 1, 1, "<br>" + MermaidQuote(marks[task].note).substr(1));
    }
    text += fmt::format("  t{}({})\n", task, label);
    if (!marks.empty()) text += fmt::format("  style t{} fill:{}\n", task, marks[task].colour);
  }
  for (uint32_t task = 0; task < graph.size(); ++task) {
    for (const uint32_t above : graph.dependencies(task)) {
      text +=
          fmt::format("  t{} {} t{}\n", above, bold.contains({above, task}) ? "==>" : "-->", task);
    }
  }
  return text;
}

nlohmann::ordered_json GraphJson(const Workflow& workflow, const WorkflowGraph& graph) {
  nlohmann::ordered_json tasks = nlohmann::ordered_json::array();
  for (uint32_t task = 0; task < graph.size(); ++task) {
    tasks.push_back({{"id", workflow.tasks[task].name},
                     {"wave", graph.wave(task)},
                     {"after", workflow.tasks[task].after}});
  }
  const std::vector<std::vector<uint32_t>> waves = graph.Waves();
  size_t widest = 0;
  for (const std::vector<uint32_t>& wave : waves) widest = std::max(widest, wave.size());
  nlohmann::ordered_json chain = nlohmann::ordered_json::array();
  for (const uint32_t task : LongestChain(graph)) chain.push_back(workflow.tasks[task].name);
  return {{"workflow", workflow.name},
          {"tasks", std::move(tasks)},
          {"waves", waves.size()},
          {"widest_wave", widest},
          {"longest_chain", std::move(chain)}};
}

}  // namespace stet::cli
