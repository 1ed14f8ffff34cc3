// Threads, whose creation may fail.
#pragma once

#include <functional>
#include <string_view>
#include <thread>

#include <absl/status/statusor.h>

namespace stet::wal {

// Starts a thread that does `run`.  Errors: ResourceExhausted, with the limit to look at, if the
// system has none left; `purpose` says in the message whose it would have been.
absl::StatusOr<std::thread> StartThread(std::string_view purpose, std::function<void()> run);

}  // namespace stet::wal
