// `stet backup` and `stet restore`.
#pragma once

#include <string>

#include "tools/stet/failure.h"

namespace stet::cli {

struct BackupCommand {
  std::string directory = {};
  std::string backup = {};
  bool copy = false;  // no second names
  bool json = false;
};

struct RestoreCommand {
  std::string backup = {};
  std::string directory = {};
  std::string at = {};  // a seq, or a time (RFC 3339); empty: all of it
  bool json = false;
};

// Each prints what came of it.
ExitStatus BackUpDirectory(const BackupCommand& command);
ExitStatus RestoreDirectory(const RestoreCommand& command);

}  // namespace stet::cli
