// Brings what is left of a damaged log into a new one that opens, and says what was lost.
//
// The source is only ever read.  The new log is written to a new directory; with
// RepairOptions::in_place the rebuilt files take the place of the damaged ones, which are kept in
// DIR/quarantine.  Without `write` nothing is written: the manifest says what would be.
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
  std::string cause = {};  // "bit_flip", "torn", "missing_segment", "behind_gap", ...
  std::string file = {};
  uint64_t lsn_begin = 0;  // [begin, end); 0, 0: not known
  uint64_t lsn_end = 0;
  uint64_t first_seq = 0;  // first and last; 0, 0: it held none, or that is not known
  uint64_t last_seq = 0;
  std::vector<uint64_t> streams = {};  // whom its records concern, as far as they can be read
  bool streams_complete = false;       // `streams` names all of them
  bool readable = false;  // intact, and left out only since something before it is lost
  std::string text = {};
};

// What was changed on the way, apart from losses: a bit set right, a header rebuilt.
struct Change {
  std::string action = {};  // "fix_bit", "header", "log_id", "accept_tail_loss", "drop_slot", ...
  std::string file = {};
  uint64_t offset = 0;
  std::string text = {};
};

// Seqs [first, first + count) of the source have become those from `new_first` on.
struct Renumbered {
  uint64_t first = 0;
  uint64_t count = 0;
  uint64_t new_first = 0;
};

struct LossManifest {
  std::string source = {};
  std::string target = {};      // the directory of the new log
  std::string quarantine = {};  // where the originals are, after a repair in place
  bool written = false;         // false: a dry run
  bool renumbered = false;
  std::string log_id = {};  // of the new log, 32 hex digits
  int64_t created_ns = 0;
  uint64_t first_seq = 0;  // of the new log; 0, 0: no record
  uint64_t last_seq = 0;
  uint64_t records = 0;
  uint64_t lost_records = 0;  // as far as known
  uint64_t end_lsn = 0;       // of the new log
  std::vector<Loss> losses = {};
  std::vector<Change> changes = {};
  std::vector<Renumbered> seqs = {};  // with `renumber`: in order
  std::string engine = {};            // what an engine will make of the new log
  // What open says of the new log; of a dry run, what it says of the source.
  RecoveryReport report = {};

  std::string ToJson() const;  // one object, as in loss-manifest.json
};
inline constexpr std::string_view kManifestName = "loss-manifest.json";

// Seqs are dense in every log: open accepts no gap, and an engine whose events refer to each other
// by seq could not replay one.  So the salvaged log ends before the first gap: it is the longest
// beginning of the source, byte for byte the same batches (so that anchors and snapshots of it hold),
// with what single faults broke set right where digests prove how.  Its last segment says "repair".
// Valid records behind the gap are listed as readable losses.
//
// With `renumber` every valid record is taken, behind gaps and from broken batches too, into a log
// with a new identity, new seqs from 1, and without digests of the state.  Reader takes such a log; an
// engine will mostly not, since its events name seqs.
struct SalvageOptions {
  Options source = {};        // `directory` is the log's own
  std::string target = {};    // must not exist, or be empty; its parent exists
  std::string manifest = {};  // directory of loss-manifest.json; empty: `target`
  bool renumber = false;
  bool write = false;
};

// Errors: InvalidArgument for a target that is not new or lies in the source; FailedPrecondition if a
// process holds the source; DataLoss if nothing can be saved; I/O errors of the target.
absl::StatusOr<LossManifest> Salvage(const SalvageOptions& options);

// Exactly the actions asked for; what they do not cure stays a refusal, and nothing is written then.
struct RepairOptions {
  Options source = {};
  std::string target = {};  // as for Salvage; not with in_place
  std::string manifest = {};
  bool in_place = false;  // originals go to DIR/quarantine/<time>; needs the lock of the log
  bool accept_tail_loss = false;  // end the log before the first place that cannot be read
  bool header = false;   // rebuild header copies from the other copy, batches and neighbours
  bool fix_bit = false;  // set right single bits that digests prove to be flipped
  bool log_id = false;   // write LOG_ID again, as the segments' headers name it
  bool write = false;
};

// Errors: as Salvage; FailedPrecondition, naming what is still refused, if the actions do not make the
// log open; InvalidArgument if none is given.
absl::StatusOr<LossManifest> Repair(const RepairOptions& options);

}  // namespace stet::wal

#pragma GCC visibility pop
