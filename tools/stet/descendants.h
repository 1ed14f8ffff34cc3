// The processes below a process, from /proc.
#pragma once

#include <sys/types.h>

#include <vector>

namespace stet::cli {

// All living descendants of `ancestor`, in no particular order.  Those that start or end meanwhile may be missed: ask again.
std::vector<pid_t> DescendantsOf(pid_t ancestor);

}  // namespace stet::cli
