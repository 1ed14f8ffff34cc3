// What to type next.
#pragma once

#include <string>

#include "stet/wal/explain.h"
#include "stet/wal/recovery.h"

namespace stet::walinspect {

// `text` as one word of a shell.
std::string Quoted(const std::string& text);

// A command, or a sentence where no command helps; empty if nothing need be done.
std::string NextFor(const wal::Explanation& said, const std::string& directory);

}  // namespace stet::walinspect
