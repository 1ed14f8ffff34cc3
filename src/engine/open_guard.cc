// Counts failures in a file of one line.
#include "engine/open_guard.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include <absl/strings/cord.h>
#include <absl/time/clock.h>
#include <fmt/format.h>

#include "base/status_macros.h"

namespace stet::engine {
namespace {

constexpr char kSeqPayload[] = "stet/failed_seq";
constexpr uint32_t kFree = 3;
constexpr uint32_t kDoublingsMax = 6;
constexpr absl::Duration kFirst = absl::Seconds(1);
constexpr absl::Duration kMost = absl::Minutes(1);

std::string FailuresPath(const std::string& directory) { return directory + "/OPEN_FAILURES"; }

// Whether another opening would end as this one did: what is wrong stands in the directory.
bool FailsAgain(const absl::Status& status) {
  return absl::IsDataLoss(status) || absl::IsInternal(status);
}

std::optional<uint64_t> TakeNumber(std::string_view* text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end == text->data() + text->size()) return std::nullopt;
  text->remove_prefix(static_cast<size_t>(end - text->data()) + 1);
  return value;
}

absl::Status Replace(wal::Storage& storage, const std::string& directory, const std::string& text) {
  const std::string path = FailuresPath(directory);
  const std::string unfinished = path + ".tmp";
  storage.Remove(unfinished).IgnoreError();
  ASSIGN_OR_RETURN(const auto file, storage.Open(unfinished, wal::OpenMode::kCreate));
  RETURN_IF_ERROR(file->Write(0, std::as_bytes(std::span(text.data(), text.size()))));
  RETURN_IF_ERROR(file->Flush());
  RETURN_IF_ERROR(storage.Rename(unfinished, path));
  return storage.SyncDirectory(directory);
}

}  // namespace

absl::Status FailedAt(uint64_t seq, absl::Status status) {
  if (!status.ok()) status.SetPayload(kSeqPayload, absl::Cord(std::to_string(seq)));
  return status;
}

uint64_t FailedSeq(const absl::Status& status) {
  const auto payload = status.GetPayload(kSeqPayload);
  if (!payload) return 0;
  const std::string text = std::string(*payload) + " ";
  std::string_view left = text;
  return TakeNumber(&left).value_or(0);
}

OpenGuard::OpenGuard(wal::Storage& storage, std::string directory)
    : storage_(storage), directory_(std::move(directory)) {
  const auto file = storage_.Open(FailuresPath(directory_), wal::OpenMode::kRead);
  if (!file.ok()) return;
  there_ = true;
  std::array<std::byte, 128> bytes = {};
  const auto got = (*file)->Read(0, bytes);
  if (!got.ok()) return;
  std::string_view text(reinterpret_cast<const char*>(bytes.data()), *got);
  const auto seq = TakeNumber(&text);
  const auto count = seq ? TakeNumber(&text) : std::nullopt;
  const auto last = count ? TakeNumber(&text) : std::nullopt;
  if (!last) return;  // What is not whole tells nothing.
  seq_ = *seq;
  count_ = static_cast<uint32_t>(std::min<uint64_t>(*count, UINT32_MAX));
  last_ns_ = static_cast<int64_t>(*last);
}

absl::Duration OpenGuard::Delay(absl::Time now) const {
  if (count_ < kFree) return absl::ZeroDuration();
  const absl::Duration pause =
      std::min(kMost, kFirst * (1 << std::min(count_ - kFree, kDoublingsMax)));
  const absl::Duration passed = now - absl::FromUnixNanos(last_ns_);
  // A clock that was set back makes nobody wait longer.
  return std::clamp(pause - passed, absl::ZeroDuration(), pause);
}

void OpenGuard::SlowDown(absl::Time now, absl::Duration pause_max,
                         const std::function<void(std::string_view)>& note) const {
  const absl::Duration delay = std::min(Delay(now), pause_max);
  if (delay <= absl::ZeroDuration()) return;
  if (note) {
    note(
        fmt::format("{}: opening has failed {} times in a row{}; waiting {} before trying again "
                    "(`walinspect verify --deep {}` says what is wrong)",
                    directory_, count_, seq_ == 0 ? "" : fmt::format(" at event {}", seq_),
                    absl::FormatDuration(absl::Ceil(delay, absl::Milliseconds(1))), directory_));
  }
  absl::SleepFor(delay);
}

absl::Status OpenGuard::Took(absl::Status status, absl::Time now) {
  if (status.ok()) {
    if (there_) {
      storage_.Remove(FailuresPath(directory_)).IgnoreError();
      storage_.SyncDirectory(directory_).IgnoreError();
    }
    return status;
  }
  if (!FailsAgain(status)) return status;
  const uint64_t seq = FailedSeq(status);
  count_ = seq == seq_ && count_ < UINT32_MAX ? count_ + 1 : 1;
  seq_ = seq;
  last_ns_ = absl::ToUnixNanos(now);
  const std::string line =
      fmt::format("{} {} {} (seq, openings that failed there, ns)\n", seq_, count_, last_ns_);
  Replace(storage_, directory_, line).IgnoreError();
  if (count_ == 1) return status;
  absl::Status told(status.code(), fmt::format("{}; {} openings in a row have failed there",
                                               std::string(status.message()), count_));
  status.ForEachPayload(
      [&told](auto url, const absl::Cord& payload) { told.SetPayload(url, payload); });
  return told;
}

}  // namespace stet::engine
