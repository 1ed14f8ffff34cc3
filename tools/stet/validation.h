// `stet validate` and `stet graph`: what a workflow file says, without touching any directory.
#pragma once

#include <cstdint>
#include <string>

#include "tools/stet/failure.h"
#include "tools/stet/workflow_file.h"

namespace stet::cli {

enum class Drawing : uint8_t { kDot, kMermaid };

struct ValidateOptions {
  std::string file = {};
  FileFormat format = FileFormat::kAuto;
  double time_scale = 1;
  bool json = false;
  Drawing drawing = Drawing::kDot;  // graph only
};

ExitStatus ValidateFile(const ValidateOptions& options);

// Prints the graph as a drawing, or as JSON: each task's wave, and the longest chain.
ExitStatus GraphFile(const ValidateOptions& options);

}  // namespace stet::cli
