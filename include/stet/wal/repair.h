// Brings what is left of a damaged log into a new one that opens, and says what was lost.
//
//   auto manifest = stet::wal::Salvage({.source = {.directory = dir}, .target = dir + ".saved"});
//   Print(manifest->ToJson());          // a dry run: what would be saved, and what would be lost
//
// The source is only ever read.  Cures are tried in memory, and Examine judges what would come out
// before a byte is written; batches are copied as they are, so that anchors and snapshots of what is
// kept still hold.  The new log ends with a segment whose header says "repair" and how much was
// dropped, and a manifest of the losses lies beside it: it does not pretend to be whole.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "stet/wal/options.h"
#include "stet/wal/recovery.h"

#pragma GCC visibility push(default)

namespace stet::wal {

// A part of the source that the new log does not hold.
struct Loss {
  std::string cause =
      {};  // as Cause is written: "bit_flip", "zeros", "missing", ...; "behind_gap":
           // intact, and left out since something before it is lost
  std::string file = {};
  uint64_t lsn_begin = 0;  // [begin, end)
  uint64_t lsn_end = 0;
  uint64_t first_seq = 0;  // first and last; 0, 0: it held none, or that is not known
  uint64_t last_seq = 0;
  std::vector<uint64_t> streams =
      {};                         // whom its records concern, rising, as far as they can be read
  bool streams_complete = false;  // `streams` names all of them
  std::string text = {};
};

// What was changed on the way: a bit set right, a header rebuilt.
struct Change {
  std::string action =
      {};                 // "fix_bit", "header", "log_id", "drop_slot", "cut", "adopt", "successor"
  std::string file = {};  // by its name in the source
  uint64_t offset = 0;
  std::string text = {};
};

struct LossManifest {
  std::string source = {};
  std::string target = {};  // the directory of the new log
  bool written = false;     // false: a dry run
  std::string log_id = {};  // 32 hex digits
  int64_t created_ns = 0;
  uint64_t first_seq = 0;  // of the new log; 0, 0: no record
  uint64_t last_seq = 0;
  uint64_t end_lsn = 0;       // where the source is cut, or ends
  uint64_t lost_records = 0;  // as far as known
  bool lost_complete = true;  // false: there may be more behind, of which nothing tells
  std::vector<Loss> losses = {};
  std::vector<Change> changes = {};
  Verdict verdict = Verdict::kClean;  // what open says of the new log
  Refusal refused = Refusal::kNone;   // what it says of the source

  std::string ToJson() const;  // one object, on several lines
};
inline constexpr std::string_view kManifestName = "loss-manifest.json";

// What may be done; nothing else is.
struct RepairActions {
  // Set single bits right that digests prove to be flipped.
  bool fix_bit = false;
  // Rebuild header copies from the other copy or, if both are lost, from batches and neighbours.
  bool header = false;
  // Write LOG_ID again, as the segments' headers name it.
  bool log_id = false;
  // End the log before the first place that cannot be read, and drop what promises more.
  bool accept_loss = false;
};

struct RepairOptions {
  Options source = {};      // `directory` is the log's own
  std::string target = {};  // must not exist; its parent does
  RepairActions actions = {};
  bool write = false;
  // Of snapshots that the application has verified.  A log whose beginning was retired can be kept only
  // with one that covers it.  With accept_loss, damage before the newest makes the new log begin
  // behind it, and empty: the snapshot holds what came before, and only what stood behind is lost.
  // Batches keep their places and seqs.
  std::vector<Anchor> anchors = {};
};

// Does what was asked, and refuses if that does not make the log open.
// Errors: FailedPrecondition if the source opens as it is, if a process holds it, or, naming what is
// still refused and the actions that would help, if the actions are not enough; InvalidArgument if
// none is given; AlreadyExists for a target that exists; DataLoss if not even the beginning of the log
// can be read; those of reading the source and of writing the target (which has no LOG_ID then, and
// so never opens).
absl::StatusOr<LossManifest> Repair(const RepairOptions& options);

struct SalvageOptions {
  Options source = {};
  std::string target = {};
  bool write = false;
  std::vector<Anchor> anchors = {};  // as for Repair
};

// The longest beginning of the log that can be had: Repair with all actions.
absl::StatusOr<LossManifest> Salvage(const SalvageOptions& options);

}  // namespace stet::wal

#pragma GCC visibility pop
