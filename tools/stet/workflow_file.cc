// Chooses the format of a workflow file and checks the definition it yields.
#include "tools/stet/workflow_file.h"

#include <filesystem>

#include <absl/status/status.h>
#include <fmt/format.h>

#include "tools/stet/command_format.h"
#include "tools/stet/field.h"
#include "tools/stet/files.h"
#include "tools/stet/json_document.h"
#include "tools/stet/quote.h"
#include "tools/stet/status_macros.h"
#include "tools/stet/wfformat.h"
#include "tools/stet/yaml_document.h"

namespace stet::cli {
namespace {

bool LooksLikeYaml(const std::string& path) {
  const std::string extension = std::filesystem::path(path).extension();
  return extension == ".yaml" || extension == ".yml";
}

bool LooksLikeWfFormat(const JsonValue& root) {
  return root.Find("schemaVersion") != nullptr ||
         (root.Find("workflow") != nullptr && root.Find("tasks") == nullptr);
}

}  // namespace

std::string_view ToString(FileFormat format) {
  switch (format) {
    case FileFormat::kAuto:
      return "auto";
    case FileFormat::kJson:
      return "json";
    case FileFormat::kYaml:
      return "yaml";
    case FileFormat::kWfFormat:
      return "wfformat";
  }
  return "unknown";
}

std::optional<FileFormat> FileFormatFrom(std::string_view name) {
  for (FileFormat format :
       {FileFormat::kAuto, FileFormat::kJson, FileFormat::kYaml, FileFormat::kWfFormat}) {
    if (name == ToString(format)) return format;
  }
  return std::nullopt;
}

absl::StatusOr<Workflow> LoadWorkflow(const std::string& path, const FileOptions& options) {
  STET_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  return ParseWorkflow(text, path, options);
}

absl::StatusOr<Workflow> ParseWorkflow(std::string_view text, const std::string& path,
                                       const FileOptions& options) {
  const std::string file = OneLine(path);
  const bool yaml = options.format == FileFormat::kYaml ||
                    (options.format == FileFormat::kAuto && LooksLikeYaml(path));
  STET_ASSIGN_OR_RETURN(const JsonValue document,
                        yaml ? ParseYaml(text, file) : ParseJson(text, file));
  const Field root(file, document);
  STET_RETURN_IF_ERROR(root.ExpectKind(JsonValue::Kind::kObject));
  const bool wfformat = options.format == FileFormat::kWfFormat ||
                        (options.format == FileFormat::kAuto && LooksLikeWfFormat(document));
  STET_ASSIGN_OR_RETURN(Workflow workflow, wfformat ? ParseWfFormat(root, options)
                                                    : ParseCommandWorkflow(root, options));
  if (workflow.name.empty()) workflow.name = std::filesystem::path(path).stem();
  // What has no single place in the file, such as a cycle, and limits that the library knows.
  if (absl::Status valid = Validate(workflow); !valid.ok()) {
    return absl::Status(valid.code(),
                        fmt::format("{}: {}", file, OneLine(std::string(valid.message()))));
  }
  return workflow;
}

}  // namespace stet::cli
