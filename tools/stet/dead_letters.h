// `stet dead ls` and `stet dead show`: tasks that were given up, read without the lock.
#pragma once

#include <string>

#include "tools/stet/failure.h"
#include "tools/stet/settings.h"

namespace stet::cli {

struct DeadOptions {
  SettingFlags settings = {};
  std::string execution = {};  // a key, an id, or a unique prefix of either
  std::string task = {};
  bool json = false;
};

ExitStatus ListDead(const DeadOptions& options);
ExitStatus ShowDead(const DeadOptions& options);

}  // namespace stet::cli
