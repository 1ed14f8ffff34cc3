// `stet run`: starts the execution of a workflow file, or resumes it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/stet/failure.h"
#include "tools/stet/settings.h"
#include "tools/stet/workflow_file.h"

namespace stet::cli {

struct RunOptions {
  std::string file = {};
  SettingFlags settings = {};
  std::optional<std::string> key = std::nullopt;  // none: the workflow's name
  bool new_execution = false;
  bool pinned = false;
  std::optional<std::string> input = std::nullopt;  // JSON, or @file
  std::vector<std::string> with = {};               // other workflow files, for tasks that run them
  std::optional<std::string> delay = std::nullopt;  // a duration: 90s, 12h
  std::vector<std::string> breakers = {};           // --breaker
  FileFormat format = FileFormat::kAuto;
  double time_scale = 1;
  bool json = false;
  bool quiet = false;
};

// Prints everything there is to say.
ExitStatus Run(const RunOptions& options);

}  // namespace stet::cli
