// What stands behind a cut: damaged, missing, or intact and without what it continues.
#pragma once

#include "stet/wal/repair.h"
#include "wal/cut.h"
#include "wal/overlay_storage.h"
#include "wal/survey.h"

namespace stet::wal {

// Fills losses, lost_records and lost_complete of `manifest`.  `survey` is that of the log with all
// cures and without the cut.  Returns the LSN behind the last thing that is lost; 0 if nothing is.
uint64_t ListLosses(const Options& options, Survey* survey, const Cut& cut, LossManifest* manifest);

}  // namespace stet::wal
