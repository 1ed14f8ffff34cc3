// Reads workflow files: the tool's own format, as JSON or YAML, and WfCommons' WfFormat 1.5.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>
#include <stet/workflow.h>

namespace stet::cli {

// kAuto: .yaml and .yml are YAML; of JSON, what looks like WfFormat is that.
enum class FileFormat { kAuto, kJson, kYaml, kWfFormat };
std::string_view ToString(FileFormat format);
std::optional<FileFormat> FileFormatFrom(std::string_view name);

struct FileOptions {
  FileFormat format = FileFormat::kAuto;
  double time_scale = 1;      // WfFormat: multiplies each runtime
  uint32_t max_attempts = 1;  // of tasks that say nothing about it
};

// Reads and checks the whole definition; its name is the file's "name", else its base name without extension.
// Errors, each on one line naming file and place: NotFound and other I/O codes; InvalidArgument for everything
// that is wrong with the content.
absl::StatusOr<Workflow> LoadWorkflow(const std::string& path, const FileOptions& options);

// The same for a text in memory.  `path` is for messages and the default name.
absl::StatusOr<Workflow> ParseWorkflow(std::string_view text, const std::string& path,
                                       const FileOptions& options);

}  // namespace stet::cli
