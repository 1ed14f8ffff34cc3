// Commands of operators, carried out by whoever can.
#pragma once

#include <absl/status/statusor.h>
#include <nlohmann/json.hpp>

#include "tools/stet/operation.h"
#include "tools/stet/settings.h"

namespace stet::cli {

// Asks the process that holds the directory; when none does, opens the directory and does it here, without executing anything.
// `why` is then read from the log, without the lock.  The answer has "served_by": the process that was asked, or null.
// Errors: those of Perform, Engine::Open and the socket; FailedPrecondition with exit status 5 when someone holds the directory and
// does not answer within two seconds.
absl::StatusOr<nlohmann::ordered_json> CarryOut(const Settings& settings,
                                                const Operation& operation);

// OK when `directory` has a log.  Errors: NotFound, those of the system.
absl::Status CheckDirectory(const std::string& directory);

}  // namespace stet::cli
