// The manifest as JSON.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <absl/time/time.h>
#include <fmt/format.h>

#include "stet/wal/repair.h"

namespace stet::wal {
namespace {

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      quoted += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string QuotedHex(uint64_t value) { return fmt::format("\"{:016x}\"", value); }

std::string LossJson(const Loss& loss) {
  std::string streams;
  for (const uint64_t stream : loss.streams) {
    streams += fmt::format("{}{}", streams.empty() ? "" : ", ", QuotedHex(stream));
  }
  return fmt::format(
      "{{\"cause\": {}, \"file\": {}, \"lsn_begin\": {}, \"lsn_end\": {}, \"first_seq\": {}, "
      "\"last_seq\": {}, \"streams\": [{}], \"streams_complete\": {}, \"text\": {}}}",
      Quoted(loss.cause), Quoted(loss.file), QuotedHex(loss.lsn_begin), QuotedHex(loss.lsn_end),
      loss.first_seq, loss.last_seq, streams, loss.streams_complete, Quoted(loss.text));
}

std::string ChangeJson(const Change& change) {
  return fmt::format("{{\"action\": {}, \"file\": {}, \"offset\": {}, \"text\": {}}}",
                     Quoted(change.action), Quoted(change.file), change.offset,
                     Quoted(change.text));
}

template <typename T>
std::string List(const std::vector<T>& all, std::string (*json)(const T&)) {
  std::string text;
  for (const T& one : all) text += fmt::format("{}\n    {}", text.empty() ? "" : ",", json(one));
  return text.empty() ? "[]" : fmt::format("[{}\n  ]", text);
}

std::string TimeText(int64_t ns) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E9SZ", absl::FromUnixNanos(ns), absl::UTCTimeZone());
}

}  // namespace

std::string LossManifest::ToJson() const {
  std::string text = "{\n";
  const auto add = [&](std::string_view name, const std::string& value, bool last = false) {
    text += fmt::format("  \"{}\": {}{}\n", name, value, last ? "" : ",");
  };
  add("source", Quoted(source));
  add("target", Quoted(target));
  add("written", fmt::format("{}", written));
  add("created", Quoted(TimeText(created_ns)));
  add("log_id", Quoted(log_id));
  add("source_refused", refused == Refusal::kNone ? "null" : Quoted(ToString(refused)));
  add("verdict", Quoted(ToString(verdict)));
  add("first_seq", fmt::format("{}", first_seq));
  add("last_seq", fmt::format("{}", last_seq));
  add("end_lsn", QuotedHex(end_lsn));
  add("lost_records", fmt::format("{}", lost_records));
  add("lost_complete", fmt::format("{}", lost_complete));
  add("losses", List(losses, LossJson));
  add("changes", List(changes, ChangeJson), true);
  return text + "}";
}

}  // namespace stet::wal
