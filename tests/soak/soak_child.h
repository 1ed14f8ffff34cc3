// The process that works until it is killed.
#pragma once

#include <cstdint>
#include <string>

namespace stet::soak {

// Opens the directory, which keeps little of what has ended and makes snapshots often, and starts chains of
// three tasks, some of which fail at first, for ever.  Returns an exit status when something is wrong.
int Work(const std::string& directory, uint64_t round);

}  // namespace stet::soak
