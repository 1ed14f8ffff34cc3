// Small logs for exhaustive tests, and what can be done to their files.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/wal/recovery_fixture.h"

namespace stet::wal {

using Files = std::map<std::string, std::string>;  // contents by path

struct Subject {
  std::string name = {};
  LogBuilder log = {};
  Files files = {};
  std::vector<Anchor> anchors = {};
};

// Three segments of 64 KiB each: after a crash, closed in order, not zeroed before use, and with the
// first one retired.
std::vector<Subject> Subjects();

// A place in a file of a subject, every `step` bytes.
struct Spot {
  const std::string* path = nullptr;
  uint64_t offset = 0;
};
std::vector<Spot> Spots(const Subject& subject, uint64_t step);

struct Edit {
  std::string what = {};
  std::function<void(Files& files)> apply = {};
};
std::vector<Edit> FileEdits(const Subject& subject);         // removed, copied, moved, swapped
std::vector<Edit> StrangerEdits(const Subject& subject);     // of another log, and older copies
std::vector<Edit> FutureEdits(const Subject& subject);       // fields changed, digests right
std::vector<Edit> MisdirectedEdits(const Subject& subject);  // blocks at other places

}  // namespace stet::wal
