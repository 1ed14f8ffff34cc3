// The activity "sleep": what a task of a recorded workflow does.
#pragma once

#include <stet/activity.h>

namespace stet::cli {

// Sleeps in its worker slot for the duration that the task's config names, such as "1.293s".
Activity SleepActivity();

}  // namespace stet::cli
