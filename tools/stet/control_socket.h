// DIR/control.sock: where the process that holds a directory hears operators.
//
// One JSON object a line in each direction: an operation (operation.h), then {"answer": {...}, "pid": N} or
// {"error": {...}, "pid": N} (status_json.h); before it {"working": true, "pid": N} twice a second while it takes
// long.  Whoever may open the socket (mode 0600) may do all of it.
#pragma once

#include <cstddef>
#include <string>

#include <absl/status/statusor.h>

#include "tools/stet/files.h"

namespace stet::cli {

inline constexpr size_t kControlLineMax = size_t{8} << 20;

// Listens there; one that a dead process has left is replaced.  Only for who holds the directory.
absl::StatusOr<OwnedFd> ListenForOperators(const std::string& directory);

// Removes what ListenForOperators made.
void RemoveControlSocket(const std::string& directory);

// Connected to it, blocking; not valid when nobody listens.
absl::StatusOr<OwnedFd> ConnectToHolder(const std::string& directory);

}  // namespace stet::cli
