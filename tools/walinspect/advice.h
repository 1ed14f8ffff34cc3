// What to type next.
#pragma once

#include <string>
#include <vector>

#include "stet/wal/explain.h"
#include "stet/wal/options.h"
#include "stet/wal/recovery.h"

namespace stet::walinspect {

// `text` as one word of a shell.
std::string Quoted(const std::string& text);

// A directory beside `directory`, for what is repaired.
std::string FreshName(std::string directory);

// A command, or a sentence where no command helps; empty if nothing need be done.
std::string NextFor(const wal::Explanation& said, const std::string& directory);

// The steps out of a refusal, in order; none if there is no refusal.  A repair that is advised was
// tried, in memory.  `directory` as it was typed.
std::vector<std::string> StepsFor(const wal::RecoveryReport& report, const wal::Options& options,
                                  const std::string& directory);

}  // namespace stet::walinspect
