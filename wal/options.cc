// Options by name and as text.
#include "stet/wal/options.h"

#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace stet::wal {
namespace {

std::optional<uint64_t> ParseBytes(std::string_view text) {
  constexpr std::pair<std::string_view, uint64_t> kUnits[] = {
      {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"B", 1}};
  for (const auto& [unit, bytes] : kUnits) {
    if (!text.ends_with(unit)) continue;
    const char* const end = text.data() + text.size() - unit.size();
    uint64_t number = 0;
    const auto [stopped, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || stopped != end || number > UINT64_MAX / bytes) return std::nullopt;
    return number * bytes;
  }
  return std::nullopt;
}

// "10ms" or "10ms,1MiB".
bool SetInterval(std::string_view text, Options* options) {
  const size_t comma = text.find(',');
  absl::Duration interval;
  if (!absl::ParseDuration(std::string(text.substr(0, comma)), &interval)) return false;
  if (interval < absl::ZeroDuration()) return false;
  if (comma != text.npos) {
    const std::optional<uint64_t> bytes = ParseBytes(text.substr(comma + 1));
    if (!bytes) return false;
    options->flush_bytes = *bytes;
  }
  options->flush_interval = interval;
  options->durability = Durability::kInterval;
  return true;
}

}  // namespace

absl::Status SetDurability(std::string_view text, Options* options) {
  for (const Durability durability : {Durability::kMemory, Durability::kOs, Durability::kInterval,
                                      Durability::kCommit, Durability::kWitness}) {
    if (text != ToString(durability)) continue;
    options->durability = durability;
    return absl::OkStatus();
  }
  constexpr std::string_view kInterval = "interval:";
  if (text.starts_with(kInterval) && SetInterval(text.substr(kInterval.size()), options)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(fmt::format(
      "durability must be memory, os, interval, interval:TIME,BYTES (as interval:10ms,1MiB), "
      "commit or witness, is \"{}\"",
      text));
}

std::string_view ToString(Durability durability) {
  switch (durability) {
    case Durability::kMemory:
      return "memory";
    case Durability::kOs:
      return "os";
    case Durability::kInterval:
      return "interval";
    case Durability::kCommit:
      return "commit";
    case Durability::kWitness:
      return "witness";
  }
  return "unknown";
}

std::string_view ToString(Operation operation) {
  switch (operation) {
    case Operation::kAuto:
      return "auto";
    case Operation::kDurableWrite:
      return "durable_write";
    case Operation::kWriteThenFlush:
      return "write_flush";
    case Operation::kLinkedFlush:
      return "linked_flush";
  }
  return "unknown";
}

}  // namespace stet::wal
