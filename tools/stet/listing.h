// `stet ls` and `stet show`: what a directory holds, read without the lock.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tools/stet/failure.h"
#include "tools/stet/settings.h"

namespace stet::cli {

struct ListOptions {
  SettingFlags settings = {};
  bool json = false;
};

struct ShowOptions {
  SettingFlags settings = {};
  std::string execution = {};  // a key, an id, or a unique prefix of either
  std::optional<uint64_t> at_seq = std::nullopt;
  bool json = false;
};

ExitStatus List(const ListOptions& options);
ExitStatus Show(const ShowOptions& options);

}  // namespace stet::cli
