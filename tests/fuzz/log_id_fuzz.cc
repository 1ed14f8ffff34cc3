// LOG_ID, and what else may lie in a log's directory: other names, other sizes, a LOCK with anything in it.
#include <algorithm>
#include <memory>
#include <string>

#include "tests/fuzz/fuzzed_log.h"
#include "wal/segments.h"

namespace stet::wal {
namespace {

void Place(FuzzedLog* log, const std::string& name, Bytes bytes) {
  auto content = std::make_shared<SimContent>();
  content->Resize(bytes.size());
  content->Overwrite(0, bytes);
  log->disk().Place(PathIn(FuzzedLog::kDirectory, name), content);
}

// Files with these names, each empty: one a line.
void PlaceNames(FuzzedLog* log, Bytes names) {
  std::string name;
  for (const std::byte byte : names) {
    const char c = static_cast<char>(byte);
    if (c != '\n' && c != '/' && c != '\0') {
      name.push_back(c);
      continue;
    }
    const std::string path = PathIn(FuzzedLog::kDirectory, name);
    if (!name.empty() && log->disk().Find(path) == nullptr) Place(log, name, {});
    name.clear();
  }
}

}  // namespace

// Input: what is done; how long LOG_ID is; what is XORed onto it; names, or what LOCK holds.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzInput input(std::as_bytes(std::span(data, size)));
  FuzzedLog log;
  const uint8_t how = input.Byte();
  const uint8_t length = input.Byte();
  SimContent* const content = log.disk().Find(PathIn(FuzzedLog::kDirectory, kLogIdName));
  std::vector<std::byte> bytes = content->All();
  if ((how & 1) != 0) bytes.resize(length);
  input.Onto(std::span(bytes).first(std::min<size_t>(bytes.size(), sizeof(LogId))));
  if ((how & 2) != 0 && bytes.size() >= sizeof(LogId)) {
    auto id = Load<LogId>(bytes);
    Seal(&id);
    const Bytes whole = BytesOf(id);
    std::copy(whole.begin(), whole.end(), bytes.begin());
  }
  Place(&log, std::string(kLogIdName), bytes);
  if ((how & 4) != 0) Place(&log, std::string(kLockName), input.Rest());
  if ((how & 8) != 0) PlaceNames(&log, input.Rest());
  if ((how & 16) != 0) log.disk().Lose(FuzzedLog::PathOf(1 + (how >> 5) % 3));
  log.LookAtAll();
  return 0;
}

}  // namespace stet::wal
