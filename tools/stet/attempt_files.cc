// Files of an attempt.
#include "tools/stet/attempt_files.h"

#include <filesystem>
#include <functional>
#include <optional>

#include <fmt/format.h>

#include "tools/stet/files.h"
#include "tools/stet/fnv.h"
#include "tools/stet/group_locks.h"
#include "tools/stet/output_variable.h"
#include "tools/stet/status_macros.h"

namespace stet::cli {
namespace {

constexpr size_t kFileNameMax = 150;
constexpr size_t kRoomBytes = 4096;  // a block of most file systems

bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("._-+@=,").find(c) != std::string_view::npos;
}

}  // namespace

std::string FileNameOf(std::string_view name) {
  std::string file;
  for (char c : name) {
    const bool leading_dot = c == '.' && file.empty();
    if (IsPlain(c) && !leading_dot) {
      file += c;
    } else {
      file += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  if (file.size() <= kFileNameMax) return file;
  return fmt::format("{}%{:016x}", file.substr(0, kFileNameMax), Fnv1a(name));
}

std::string PrintId(uint64_t id) { return fmt::format("{:016x}", id); }

AttemptFiles AttemptFiles::For(const std::string& directory, const ActivityContext& context) {
  const std::string execution = PrintId(context.execution_id());
  const std::string attempt =
      fmt::format("{}.{}.{}", FileNameOf(context.task()), context.run(), context.attempt());
  const std::string logs = fmt::format("{}/logs/{}", directory, execution);
  const std::string run = fmt::format("{}/run/{}.{}", directory, execution, attempt);
  return {.log_folder = logs,
          .stdout_path = fmt::format("{}/{}.out", logs, attempt),
          .stderr_path = fmt::format("{}/{}.err", logs, attempt),
          .group_path = run + ".group",
          .folder = run + ".files"};
}

absl::StatusOr<std::vector<std::string>> AttemptFiles::Prepare(
    const ActivityContext& context) const {
  STET_RETURN_IF_ERROR(MakeFolders(log_folder));
  STET_RETURN_IF_ERROR(MakeFolders(folder));
  std::vector<std::string> variables;
  const std::string input_path = folder + "/input";
  STET_RETURN_IF_ERROR(WriteFile(input_path, context.input().bytes));
  variables.push_back("STET_INPUT=" + input_path);
  if (const std::optional<Payload> signal = context.signal()) {
    const std::string path = folder + "/signal";
    STET_RETURN_IF_ERROR(WriteFile(path, signal->bytes));
    variables.push_back("STET_SIGNAL=" + path);
  }
  for (const std::string_view task : context.upstream()) {
    STET_ASSIGN_OR_RETURN(const Payload output, context.output(task));
    const std::string path = fmt::format("{}/output.{}", folder, FileNameOf(task));
    STET_RETURN_IF_ERROR(WriteFile(path, output.bytes));
    variables.push_back(fmt::format("{}={}", OutputVariable(task), path));
  }
  return variables;
}

absl::Status AttemptFiles::CheckRoom() const {
  const std::string path = folder + "/room";
  const absl::Status written = WriteFile(path, std::string(kRoomBytes, '\0'));
  std::error_code ignored;
  std::filesystem::remove(path, ignored);
  return absl::IsResourceExhausted(written) ? written : absl::OkStatus();
}

void AttemptFiles::Remove(const std::function<bool()>& stop,
                          const std::function<void(std::string_view)>& note) const {
  if (!RemoveGroup(group_path, stop, note)) return;
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}

}  // namespace stet::cli
