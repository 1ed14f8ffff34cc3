// A table of the subcommands; each declares its own options.
#include "tools/walinspect/declare.h"

#include <array>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace stet::walinspect {
namespace {

void AddDirectory(CLI::App* command, std::string* directory) {
  command->add_option("DIR", *directory, "directory of the engine, or of its log")->required();
}

void AddJson(CLI::App* command, bool* json, const char* text = "JSON: one object") {
  command->add_flag("--json", *json, text);
}

void AddAt(CLI::App* command, std::string* at) {
  command->add_option("--at", *at, "the last event to apply: seq, or time (RFC 3339)");
}

void DeclareLs(CLI::App* command, Arguments* all) {
  AddDirectory(command, &all->ls.directory);
  AddJson(command, &all->ls.json, "JSON: one object a line for each segment");
}

void DeclareDump(CLI::App* command, Arguments* all) {
  DumpArguments& dump = all->dump;
  AddDirectory(command, &dump.directory);
  AddJson(command, &dump.json, "JSON: one object a line for each event, and for each bad place");
  command->add_option("--from", dump.from, "first seq");
  command->add_option("--to", dump.to, "last seq");
  command->add_option("--exec", dump.execution, "only this execution: key, id or unique prefix");
  command->add_option("--type", dump.type, "only this event type: name or number");
  command->add_option("--since", dump.since,
                      "only batches written at this time or later (RFC 3339)");
  command->add_option("--limit", dump.limit, "at most so many events");
  command->add_flag("--follow", dump.follow,
                    "wait for more, and show nothing that is not durable; ends at --to or --limit");
}

void DeclareVerify(CLI::App* command, Arguments* all) {
  AddDirectory(command, &all->verify.directory);
  AddJson(command, &all->verify.json);
  command->add_flag("--deep", all->verify.deep,
                    "list every damaged place with its cause, and replay every event, comparing "
                    "the digests of the state");
}

void DeclareExplain(CLI::App* command, Arguments* all) {
  AddDirectory(command, &all->explain.directory);
  command->add_option("LSN", all->explain.place,
                      "0x100004000, 0000000100004000, or 1:16384 (segment and offset); 0x0 is "
                      "LOG_ID");
  command->add_option("--seq", all->explain.seq, "the record with this seq instead");
  AddJson(command, &all->explain.json);
}

void DeclareStats(CLI::App* command, Arguments* all) {
  AddDirectory(command, &all->stats.directory);
  AddJson(command, &all->stats.json);
  command->add_option("--by", all->stats.by, "type, stream, epoch, hour or segment");
  command->add_option("--limit", all->stats.limit, "at most so many groups");
}

void DeclareMap(CLI::App* command, Arguments* all) {
  AddDirectory(command, &all->map.directory);
  AddJson(command, &all->map.json, "JSON: one object a line for each segment, with runs of blocks");
  command->add_option("--segment", all->map.segment, "only the segment of this number");
  command->add_option("--width", all->map.width, "blocks on a line (64)");
}

void DeclareFind(CLI::App* command, Arguments* all) {
  FindArguments& find = all->find;
  AddDirectory(command, &find.directory);
  AddJson(command, &find.json);
  command->add_flag("--raw", find.raw, "the bytes of its payload, and nothing else");
  command->add_option("--seq", find.seq, "the record with this seq");
  command->add_option("--lsn", find.lsn, "the record at this place");
  command->add_option("--time", find.time, "the first record written then or later (RFC 3339)");
  command->add_option("--exec", find.execution,
                      "the first record of this execution (16 hex digits)");
}

void DeclareDiff(CLI::App* command, Arguments* all) {
  DiffArguments& diff = all->diff;
  command->add_option("A", diff.first, "a directory")->required();
  command->add_option("B", diff.second, "another; with --from or --to it may be left out");
  command->add_option("--from", diff.from, "a moment of A, seq or time: states are compared");
  command->add_option("--to", diff.to, "a moment of B, or of A");
  AddJson(command, &diff.json, "JSON: one object; with moments one a line for each change");
}

void DeclareDigest(CLI::App* command, Arguments* all) {
  AddDirectory(command, &all->digest.directory);
  AddJson(command, &all->digest.json);
  command->add_flag("--each", all->digest.each, "a line for each event");
  AddAt(command, &all->digest.at);
}

void DeclareBisect(CLI::App* command, Arguments* all) {
  command->add_option("A", all->bisect.first, "a directory")->required();
  command->add_option("B", all->bisect.second, "another")->required();
  AddJson(command, &all->bisect.json);
}

void DeclareSnapshots(CLI::App* command, Arguments* all) {
  AddDirectory(command, &all->snapshots.directory);
  AddJson(command, &all->snapshots.json, "JSON: one object a line for each snapshot");
}

void DeclareState(CLI::App* command, Arguments* all) {
  AddDirectory(command, &all->state.directory);
  AddJson(command, &all->state.json);
  AddAt(command, &all->state.at);
}

constexpr const char* kExecutionHelp =
    "an execution: its key, its id, or a unique prefix of either";

void DeclareShow(CLI::App* command, Arguments* all) {
  ShowArguments& show = all->show;
  AddDirectory(command, &show.directory);
  command->add_option("EXEC", show.execution, kExecutionHelp)->required();
  AddAt(command, &show.at);
  AddJson(command, &show.json);
}

void DeclareGraph(CLI::App* command, Arguments* all) {
  GraphArguments& graph = all->graph;
  AddDirectory(command, &graph.directory);
  command->add_option("EXEC", graph.execution, kExecutionHelp)->required();
  command->add_flag("--mermaid", graph.mermaid, "a Mermaid flowchart (default: for Graphviz)");
  AddAt(command, &graph.at);
  AddJson(command, &graph.json);
}

void DeclareTimeline(CLI::App* command, Arguments* all) {
  TimelineArguments& timeline = all->timeline;
  AddDirectory(command, &timeline.directory);
  command->add_option("EXEC", timeline.execution, std::string(kExecutionHelp) + "; left out: all");
  command->add_option("-o,--output", timeline.output, "where to; - is standard output")->required();
  command->add_flag("--perfetto", timeline.perfetto,
                    "a trace for ui.perfetto.dev (JSON) instead of a page");
  AddAt(command, &timeline.at);
}

void DeclareReplay(CLI::App* command, Arguments* all) {
  ReplayArguments& replay = all->replay;
  AddDirectory(command, &replay.directory);
  command->add_option("--definition", replay.definition,
                      "a workflow file: what would it have made of executions that have run?");
  command->add_option(
      "--exec", replay.executions,
      std::string(kExecutionHelp) + "; may be given again; left out: all of the definition's name");
  AddAt(command, &replay.at);
  AddJson(command, &replay.json,
          "JSON: one object; with --definition one a line for each execution");
}

void DeclareExtract(CLI::App* command, Arguments* all) {
  ExtractArguments& extract = all->extract;
  AddDirectory(command, &extract.directory);
  command->add_option("--exec", extract.executions,
                      std::string(kExecutionHelp) + "; may be given again; left out: all");
  command->add_option("--to", extract.to, "the last event: seq, or time (RFC 3339)");
  command->add_flag("--redact", extract.redact,
                    "x's in the place of inputs, outputs, payloads of signals and errors; "
                    "definitions, keys and names stay");
  command->add_option("-o,--output", extract.output, "a new directory")->required();
  AddJson(command, &extract.json);
}

void DeclareMending(CLI::App* command, RepairArguments* arguments) {
  AddDirectory(command, &arguments->directory);
  command->add_option("--out", arguments->target, "directory of the new log; must not exist");
  command->add_flag("--yes", arguments->yes, "write it; without this it is a dry run");
  AddJson(command, &arguments->json, "JSON: the loss manifest");
}

void DeclareSalvage(CLI::App* command, Arguments* all) { DeclareMending(command, &all->salvage); }

void DeclareRepair(CLI::App* command, Arguments* all) {
  RepairArguments& repair = all->repair;
  DeclareMending(command, &repair);
  command->add_flag("--fix-bit", repair.fix_bit,
                    "set right single bits that digests prove to be flipped");
  command->add_flag("--header", repair.header,
                    "rebuild header copies from the other copy, or from batches and neighbours");
  command->add_flag("--log-id", repair.log_id, "write LOG_ID again, as the segments name it");
  command->add_flag("--accept-loss", repair.accept_loss,
                    "end the log before the first place that cannot be read");
}

void DeclareDoctor(CLI::App* command, Arguments* all) {
  AddDirectory(command, &all->doctor.directory);
  AddJson(command, &all->doctor.json);
}

constexpr std::string_view kSalvageExamples = R"(
  walinspect salvage .stet --out .stet.repaired          a dry run: what would be kept and lost
  walinspect salvage .stet --out .stet.repaired --yes
The source is only read.  NEW/wal (NEW for a bare log) gets the log and loss-manifest.json.
Exit status: 0 nothing is lost; 1 something is, the manifest says what; 2 not possible; 3 usage;
4 a directory cannot be read or written.)";

constexpr std::string_view kRepairExamples = R"(
  walinspect repair .stet --fix-bit --out .stet.repaired
  walinspect repair .stet --header --log-id --out .stet.repaired --yes
`walinspect verify` says which repair would help.  Exit status: as of salvage.)";

constexpr std::string_view kDiffExamples = R"(
  walinspect diff .stet backup/stet
  walinspect diff .stet --from 1042 --to 2000
  walinspect diff .stet --from 2026-01-31T23:59:59Z --json
Exit status: 0 equal; 1 one is the beginning of the other; 2 they differ.  Of moments: 0.)";

constexpr std::string_view kDigestExamples = R"(
  walinspect digest .stet
  walinspect digest .stet --each --json
Two builds that disagree about a batch show with --each at which event they begin to.)";

constexpr std::string_view kTimelineExamples = R"(
  walinspect timeline .stet nightly -o nightly.html        a page that needs nothing else
  walinspect timeline .stet -o all.html                    a bar for each execution
  walinspect timeline .stet --perfetto -o trace.json       for ui.perfetto.dev)";

constexpr std::string_view kReplayExamples = R"(
  walinspect replay .stet                                   every event, by this build
  walinspect replay .stet --definition next.json            all executions of next.json's name
  walinspect replay .stet --definition next.json --exec nightly --json
With a definition nothing is run: each attempt of a task ends as it was recorded under the task's name; the
definition decides what comes next.  What waits ends as recorded; what operators did is left out.
Exit status: 0 no difference; 2 there are some, or the log is damaged; 3 usage.)";

constexpr std::string_view kExtractExamples = R"(
  walinspect extract .stet --exec nightly -o part             it, who started it, whom it started
  walinspect extract .stet --exec nightly --redact -o part    and nothing of what it worked on
  walinspect extract .stet --redact --to 1042 -o beginning
  walinspect timeline part nightly -o nightly.html            what was made is looked at like any other
Events are numbered anew; no stet runs what was made.
Exit status: 0 made; 2 the log is damaged; 3 usage, and what is not there; 4 I/O error.)";

constexpr std::string_view kExplainExamples = R"(
  walinspect explain .stet 0x100005000
  walinspect explain .stet 1:20480
  walinspect explain .stet --seq 42 --json | jq .cause
Exit status: 0 intact or unused; 1 torn, as a crash leaves it; 2 damaged.)";

constexpr std::string_view kGraphExamples = R"(
  walinspect graph .stet nightly | dot -Tsvg > nightly.svg
  walinspect graph .stet nightly --at 1042 --mermaid)";

constexpr std::array<Command, 20> kCommands = {{
    {"ls", "List the segments", R"(
  walinspect ls .stet
  walinspect ls --json .stet | jq -r '.file + " " + .chain')",
     DeclareLs, [](const Arguments& all) { return RunLs(all.ls); }},
    {"dump", "Print the events; goes on behind damage", R"(
  walinspect dump .stet --exec nightly --json
  walinspect dump .stet --type attempt_finished --from 100 --limit 20
  walinspect dump .stet --follow --from 1042)",
     DeclareDump, [](const Arguments& all) { return RunDump(all.dump); }},
    {"verify", "Say what open would decide, and why", R"(
  walinspect verify .stet
  walinspect verify --deep --json .stet | jq .strict)",
     DeclareVerify, [](const Arguments& all) { return RunVerify(all.verify); }},
    {"explain", "Say what stands at a place, field by field, and what happened to it",
     kExplainExamples, DeclareExplain,
     [](const Arguments& all) { return RunExplain(all.explain); }},
    {"stats", "Count what the log consists of", R"(
  walinspect stats .stet
  walinspect stats .stet --by type
  walinspect stats .stet --by stream --limit 5 --json)",
     DeclareStats, [](const Arguments& all) { return RunStats(all.stats); }},
    {"map", "Draw one character for each block", R"(
  walinspect map .stet
  walinspect map .stet --segment 3 --width 128)",
     DeclareMap, [](const Arguments& all) { return RunMap(all.map); }},
    {"find", "Find one record", R"(
  walinspect find .stet --seq 42
  walinspect find .stet --time 2026-01-31T23:59:59Z --json
  walinspect find .stet --seq 42 --raw > payload.bin
Exit status: 0 found; 2 not found, and the log is damaged; 3 not there.)",
     DeclareFind, [](const Arguments& all) { return RunFind(all.find); }},
    {"diff", "Compare two logs, batch by batch, or the states at two moments", kDiffExamples,
     DeclareDiff, [](const Arguments& all) { return RunDiff(all.diff); }},
    {"state", "Show the executions, as of any event", R"(
  walinspect state .stet
  walinspect state .stet --at 1042 --json)",
     DeclareState, [](const Arguments& all) { return RunState(all.state); }},
    {"show", "Show one execution, task by task, as of any event", R"(
  walinspect show .stet nightly
  walinspect show .stet nightly --at 2026-01-31T23:59:59Z --json)",
     DeclareShow, [](const Arguments& all) { return RunShow(all.show); }},
    {"digest", "Replay all, and compare with the digests in the log", kDigestExamples,
     DeclareDigest, [](const Arguments& all) { return RunDigest(all.digest); }},
    {"bisect", "Find the first event that differs between two directories", R"(
  walinspect bisect .stet backup/stet
Exit status: 0 none; 1 one goes on where the other ends; 2 an event differs.)",
     DeclareBisect, [](const Arguments& all) { return RunBisect(all.bisect); }},
    {"snapshots", "List the snapshots, and say which one open begins with", R"(
  walinspect snapshots .stet
  walinspect snapshots .stet --json | jq 'select(.taken)')",
     DeclareSnapshots, [](const Arguments& all) { return RunSnapshots(all.snapshots); }},
    {"graph", "Draw an execution's graph with the states of its tasks", kGraphExamples,
     DeclareGraph, [](const Arguments& all) { return RunGraph(all.graph); }},
    {"timeline", "Show what ran when: one page with graph and bars, or a trace", kTimelineExamples,
     DeclareTimeline, [](const Arguments& all) { return RunTimeline(all.timeline); }},
    {"replay", "Apply every event anew, or ask what another definition would have done",
     kReplayExamples, DeclareReplay, [](const Arguments& all) { return RunReplay(all.replay); }},
    {"extract", "Make a log of a part of it, redacted or not, for others to look at",
     kExtractExamples, DeclareExtract,
     [](const Arguments& all) { return RunExtract(all.extract); }},
    {"salvage", "Make a new log of the longest beginning that can be had, and list what is lost",
     kSalvageExamples, DeclareSalvage, [](const Arguments& all) { return RunRepair(all.salvage); }},
    {"repair", "Do only what is asked, and make a new log if that is enough", kRepairExamples,
     DeclareRepair, [](const Arguments& all) { return RunRepair(all.repair); }},
    {"doctor", "Look at the log and all around it: lock, disk, limits, what to do", R"(
  walinspect doctor .stet
  walinspect doctor .stet --json | jq -r '.advice[]')",
     DeclareDoctor, [](const Arguments& all) { return RunDoctor(all.doctor); }},
}};

}  // namespace

std::span<const Command> Commands() { return kCommands; }

void DeclareAll(CLI::App* app, Arguments* arguments) {
  for (const Command& command : kCommands) {
    CLI::App* sub = app->add_subcommand(std::string(command.name), std::string(command.help));
    sub->footer(fmt::format("Examples:{}", command.examples));
    command.declare(sub, arguments);
  }
}

}  // namespace stet::walinspect
