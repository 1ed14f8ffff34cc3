// `stet validate`: checks a workflow file without touching any directory.
#pragma once

#include <string>

#include "tools/stet/failure.h"
#include "tools/stet/workflow_file.h"

namespace stet::cli {

struct ValidateOptions {
  std::string file = {};
  FileFormat format = FileFormat::kAuto;
  double time_scale = 1;
  bool json = false;
};

ExitStatus ValidateFile(const ValidateOptions& options);

}  // namespace stet::cli
