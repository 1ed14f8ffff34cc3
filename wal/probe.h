// Which way to make a batch durable is the quickest on a disk: measured once, and kept.
#pragma once

#include <cstdint>
#include <string>

#include <absl/status/statusor.h>

#include "stet/wal/disk.h"
#include "stet/wal/storage.h"

namespace stet::wal {

// Where a directory keeps what was measured.  It counts only for the same kernel, file system,
// device and storage.
inline constexpr std::string_view kProbeName = "PROBE";

// What is taken where nothing was measured: one system call and one completion for each batch.  On
// some devices another is quicker alone, but then it is much slower with several batches in flight.
inline constexpr Operation kUsualOperation = Operation::kDurableWrite;

// As many are written at once, beside those written alone.
inline constexpr uint32_t kProbeWrites = 4;

// Measures on `file`, whose kProbeWrites * `alignment()` bytes at `offset` are zeros, and stay
// zeros.  Takes about 10 ms, at most about 40: a disk or processors too busy to tell anything by
// then get the usual operation.  Nothing else is in flight on `queue`.
// Errors: of a write or flush.
absl::StatusOr<ProbeResult> Probe(Storage* storage, Queue* queue, File* file, uint64_t offset);

// What is known of `directory`, else what Probe finds, which is then kept there.  Measures nothing
// where the storage cannot describe the disk, or where no disk is.
// Errors: those of Probe.
absl::StatusOr<ProbeResult> ChooseOperation(Storage* storage, const std::string& directory,
                                            Queue* queue, File* file, uint64_t offset);

}  // namespace stet::wal
