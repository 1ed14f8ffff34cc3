// Names are fixed-width hex, so that a listing sorts by segment number.
#include "wal/segments.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"

namespace stet::wal {
namespace {

constexpr std::string_view kSuffix = ".wal";
constexpr size_t kDigits = 16;

}  // namespace

std::string PathIn(std::string_view directory, std::string_view name) {
  return fmt::format("{}/{}", directory, name);
}

std::string ParentOf(std::string_view directory) {
  std::filesystem::path path = directory;
  if (!path.has_filename()) path = path.parent_path();  // of "log/" it is "log"
  if (path.filename() == "." || path.filename() == "..") return (path / "..").string();
  const std::filesystem::path parent = path.parent_path();
  return parent.empty() ? "." : parent.string();
}

std::string SegmentName(uint64_t segno) { return fmt::format("{:016x}{}", segno, kSuffix); }

std::optional<uint64_t> SegnoOfName(std::string_view name) {
  if (name.size() != kDigits + kSuffix.size() || !name.ends_with(kSuffix)) return std::nullopt;
  uint64_t segno = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + kDigits, segno, 16);
  if (error != std::errc() || end != name.data() + kDigits) return std::nullopt;
  // Upper-case digits or a number that no LSN can hold would be a second name for a place.
  if (segno == 0 || segno > UINT32_MAX || SegmentName(segno) != name) return std::nullopt;
  return segno;
}

absl::StatusOr<Listing> ListLog(Storage* storage, const std::string& directory) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, storage->List(directory));
  Listing listing;
  for (const std::string& name : names) {
    if (name == kLogIdName) {
      listing.log_id = true;
    } else if (const std::optional<uint64_t> segno = SegnoOfName(name)) {
      listing.segnos.push_back(*segno);
    } else if (name.ends_with(kUnfinished)) {
      listing.unfinished.push_back(name);
    } else if (name.ends_with(kSuffix)) {
      listing.misnamed.push_back(name);
    }
  }
  std::sort(listing.segnos.begin(), listing.segnos.end());
  return listing;
}

absl::StatusOr<LogId> ReadLogId(Storage* storage, const std::string& directory) {
  const std::string path = PathIn(directory, kLogIdName);
  ASSIGN_OR_RETURN(const std::unique_ptr<File> file, storage->Open(path, OpenMode::kRead));
  std::array<std::byte, sizeof(LogId) + 1> bytes = {};  // one more: a longer file shows
  ASSIGN_OR_RETURN(const size_t got, file->Read(0, bytes));
  if (got != sizeof(LogId)) {
    return absl::DataLossError(
        fmt::format("{}: expected {} bytes, found {}", path, sizeof(LogId), got));
  }
  const auto id = Load<LogId>(bytes);
  const Flaw flaw = Check(id);
  if (flaw == Flaw::kNone) return id;
  if (flaw == Flaw::kUnsupported) {
    return absl::UnimplementedError(fmt::format("{}: format {}.{}, this build reads {}", path,
                                                id.major, id.minor, kFormatMajor));
  }
  return absl::DataLossError(fmt::format("{}: {}", path, ToString(flaw)));
}

absl::Status WriteLogId(Storage* storage, const std::string& directory, LogId id) {
  Seal(&id);
  const std::string path = PathIn(directory, kLogIdName);
  const std::string unfinished = path + std::string(kUnfinished);
  // A crash may have left one; it never counted.
  if (const absl::Status removed = storage->Remove(unfinished);
      !removed.ok() && !absl::IsNotFound(removed)) {
    return removed;
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<File> file, storage->Open(unfinished, OpenMode::kCreate));
  RETURN_IF_ERROR(file->Write(0, BytesOf(id)));
  RETURN_IF_ERROR(file->Flush());
  RETURN_IF_ERROR(storage->Rename(unfinished, path));
  return storage->SyncDirectory(directory);
}

}  // namespace stet::wal
