// walinspect snapshots: which there are, whether they are whole, and which one open would begin with.
#include <fmt/format.h>

#include "stet/inspect.h"
#include "tools/walinspect/commands.h"
#include "tools/walinspect/text.h"

namespace stet::walinspect {

Exit RunSnapshots(const SnapshotsArguments& arguments) {
  const auto snapshots = ListSnapshots(arguments.directory);
  if (!snapshots.ok()) {
    Say({.code = "io_error", .message = std::string(snapshots.status().message())}, arguments.json);
    return Exit::kInputOutput;
  }
  const wal::RecoveryReport log = ExamineWithSnapshots(LogOptions(arguments.directory));
  for (const SnapshotInfo& snapshot : *snapshots) {
    const bool taken = log.anchor && snapshot.status.ok() && snapshot.anchor == *log.anchor;
    if (arguments.json) {
      const bool ok = snapshot.status.ok();
      PrintLine({{"file", snapshot.file},
                 {"bytes", snapshot.bytes},
                 {"ok", ok},
                 {"why", ok ? Json(nullptr) : Json(std::string(snapshot.status.message()))},
                 {"seq", ok ? Json(snapshot.anchor.seq) : Json(nullptr)},
                 {"lsn", ok ? Json(Hex(snapshot.anchor.lsn)) : Json(nullptr)},
                 {"batch_id", ok ? Json(wal::ToString(snapshot.anchor.batch_id)) : Json(nullptr)},
                 {"digest", ok ? Json(Hex(snapshot.digest)) : Json(nullptr)},
                 {"created", ok ? TimeJson(absl::ToUnixNanos(snapshot.created)) : Json(nullptr)},
                 {"taken", taken}});
      continue;
    }
    if (!snapshot.status.ok()) {
      fmt::print("{}\n",
                 Painted(Colour::kRed,
                         fmt::format("unusable  {}", std::string(snapshot.status.message()))));
      continue;
    }
    fmt::print("seq {:<10} {:>10}  {}  lsn {}  {}{}\n", snapshot.anchor.seq,
               BytesText(snapshot.bytes), TimeText(absl::ToUnixNanos(snapshot.created)),
               Hex(snapshot.anchor.lsn), snapshot.file, taken ? "  <- open" : "");
  }
  if (!arguments.json && snapshots->empty()) fmt::print("no snapshot\n");
  return ExitOf(log);
}

}  // namespace stet::walinspect
