// A program that knows nothing but the installed log: appends, and reads back.
#include <cstdio>

#include <stet/wal/log.h>
#include <stet/wal/reader.h>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  auto log = stet::wal::Log::Open({.directory = argv[1], .create = true});
  if (!log.ok()) {
    std::fprintf(stderr, "%s\n", log.status().ToString().c_str());
    return 1;
  }
  auto seq = (*log)->Append("hello");
  if (!seq.ok() || !(*log)->Sync(*seq).ok()) return 1;
  auto reader = (*log)->NewReader();
  if (!reader.ok() || !reader->Next()) return 1;
  return reader->record().payload.size() == 5 && (*log)->Close().ok() ? 0 : 1;
}
