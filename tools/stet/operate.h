// `stet why`, `retry`, `cancel`, `signal`, `pause`, `resume`, `priority`, `purge`, `dead requeue` and `dead drop`.
#pragma once

#include <optional>
#include <string>

#include "tools/stet/failure.h"
#include "tools/stet/operation.h"
#include "tools/stet/settings.h"

namespace stet::cli {

struct OperateOptions {
  SettingFlags settings = {};
  Operation operation = {};
  bool json = false;
  bool run = false;                                   // retry: go on in the foreground
  std::optional<std::string> payload = std::nullopt;  // signal: JSON, or @FILE
};

// Prints everything there is to say.
ExitStatus Operate(const OperateOptions& options);

}  // namespace stet::cli
