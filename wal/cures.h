// Sets right, in memory, what digests and neighbours prove.
#pragma once

#include <vector>

#include <absl/status/status.h>

#include "stet/wal/options.h"
#include "stet/wal/repair.h"
#include "wal/overlay_storage.h"

namespace stet::wal {

// Each looks at the log in `overlay` (which is the storage of `options`), patches what it can cure and
// says so.  What it cannot cure stays as it is.  Errors: the directory cannot be read.

// Single bits whose flip makes a digest agree.
absl::Status CureBits(const Options& options, OverlayStorage* overlay,
                      std::vector<Change>* changes);

// Header copies: from the other copy; if both are lost, from the first batch, LOG_ID, and the batch of
// the segment before that it continues.
absl::Status CureHeaders(const Options& options, OverlayStorage* overlay,
                         std::vector<Change>* changes);

// LOG_ID, if all headers name one log.
absl::Status CureLogId(const Options& options, OverlayStorage* overlay,
                       std::vector<Change>* changes);

}  // namespace stet::wal
