// walinspect diff: where two logs part.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "stet/wal/inspect.h"
#include "tools/walinspect/commands.h"
#include "tools/walinspect/text.h"

namespace stet::walinspect {
namespace {

// One is the beginning of the other: as a copy that was taken earlier.
bool IsBeginning(const wal::Difference& difference) {
  return difference.same_log && !difference.fork_lsn && difference.only.size() == 1 &&
         difference.only[0].lsn_begin >= difference.common_end_lsn;
}

void PrintJson(const wal::Difference& difference, Exit exit) {
  Json only = Json::array();
  for (const wal::OnlyRange& range : difference.only) {
    only.push_back({{"side", range.side},
                    {"lsn_begin", Hex(range.lsn_begin)},
                    {"lsn_end", Hex(range.lsn_end)},
                    {"first_seq", range.first_seq},
                    {"last_seq", range.last_seq},
                    {"batches", range.batches}});
  }
  PrintLine({{"equal", difference.equal},
             {"same_log", difference.same_log},
             {"common_batches", difference.common_batches},
             {"common_last_seq", difference.common_last_seq},
             {"common_end_lsn", Hex(difference.common_end_lsn)},
             {"fork_lsn", difference.fork_lsn ? Json(Hex(*difference.fork_lsn)) : Json(nullptr)},
             {"fork_seq", difference.fork_lsn ? Json(difference.fork_seq) : Json(nullptr)},
             {"only", std::move(only)},
             {"exit", static_cast<int>(exit)}});
}

void PrintText(const wal::Difference& difference, const std::array<std::string, 2>& names) {
  if (difference.equal) {
    fmt::print("equal: {}, up to seq {}\n", Counted(difference.common_batches, "batch", "batches"),
               difference.common_last_seq);
    return;
  }
  if (!difference.same_log) fmt::print("two logs: their identities differ\n");
  fmt::print("common    {}, up to seq {}, lsn {}\n",
             Counted(difference.common_batches, "batch", "batches"), difference.common_last_seq,
             Hex(difference.common_end_lsn));
  if (difference.fork_lsn) {
    fmt::print("{}\n",
               Painted(Colour::kRed,
                       fmt::format("fork      at lsn {}: from seq {} on the histories differ",
                                   Hex(*difference.fork_lsn), difference.fork_seq)));
  }
  for (const wal::OnlyRange& range : difference.only) {
    fmt::print(
        "only in   {}: {}{}, lsn {}..{}\n", names[static_cast<size_t>(range.side)],
        Counted(range.batches, "batch", "batches"),
        range.last_seq == 0 ? "" : fmt::format(", seq {}..{}", range.first_seq, range.last_seq),
        Hex(range.lsn_begin), Hex(range.lsn_end));
  }
}

}  // namespace

Exit RunDiff(const DiffArguments& arguments) {
  if (!arguments.from.empty() || !arguments.to.empty()) return RunDiffOfMoments(arguments);
  if (arguments.second.empty()) {
    Say({.code = "usage", .message = "diff compares A with B, or moments of A: --from, --to"},
        arguments.json);
    return Exit::kUsage;
  }
  const wal::Options first = LogOptions(arguments.first);
  const wal::Options second = LogOptions(arguments.second);
  const auto difference = wal::Diff(first, second);
  if (!difference.ok()) {
    Say({.code = "io_error", .message = std::string(difference.status().message())},
        arguments.json);
    return Exit::kInputOutput;
  }
  const Exit exit = difference->equal          ? Exit::kClean
                    : IsBeginning(*difference) ? Exit::kTornTail
                                               : Exit::kDamage;
  if (arguments.json) {
    PrintJson(*difference, exit);
  } else {
    PrintText(*difference, {first.directory, second.directory});
  }
  return exit;
}

}  // namespace stet::walinspect
