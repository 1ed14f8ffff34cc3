// What crashes, disks and people do to the files of a log.
#include "tests/wal/log_subjects.h"

#include <fmt/format.h>

namespace stet::wal {
namespace {

constexpr uint64_t kSmall = 64 << 10;

// What a crash leaves: segment 1 was rotated, segment 2 ended in a crash with a write in flight,
// segment 3 is the newest; its last batch is named by nothing.
LogBuilder CrashedLog(uint8_t fill = 1) {
  LogBuilder log;
  log.fill = fill;
  log.segment_bytes = kSmall;
  log.Segment();
  log.Batch({"a1", "a2"});
  log.Durable();
  log.Batch({std::string(600, '\0') + "a3"});
  log.End();
  log.Segment(1);
  log.Batch({"b4"});
  log.Slot();
  log.Batch({std::string(1500, 'b')});
  const LogBuilder before = log;
  log.Batch({"in flight at the crash"});
  const Image with_tail = log.segments[1];
  log = before;
  log.segments[1] = with_tail;
  log.epoch = 2;
  log.Segment(3);
  log.opened_segno = 3;
  log.Batch({"c6"});
  log.Slot();
  log.Batch({"c7"});
  log.Slot();
  log.Batch({"c8", std::string(1300, 'c')});
  return log;
}

// The same, closed in order, with the next segment prepared.
LogBuilder ClosedLog() {
  LogBuilder log = CrashedLog();
  log.Slot(true);
  const LogBuilder before = log;
  log.Segment(1, 1);
  return log;
}

Subject Make(std::string name, const LogBuilder& log) {
  MemoryStorage disk;
  log.Store(&disk);
  return {.name = std::move(name), .log = log, .files = disk.files};
}

std::vector<std::string> SegmentPaths(const Subject& subject) {
  std::vector<std::string> paths;
  for (const auto& [path, content] : subject.files) {
    if (path.ends_with(".wal")) paths.push_back(path);
  }
  return paths;
}

}  // namespace

std::vector<Subject> Subjects() {
  std::vector<Subject> all = {Make("crashed", CrashedLog()), Make("closed", ClosedLog()),
                              Make("not zeroed", CrashedLog(2))};
  Subject retired = all[0];
  retired.name = "retired";
  retired.files.erase(retired.log.Path(1));
  retired.anchors = {AnchorBehind(retired.log.batches[3])};
  all.push_back(retired);
  return all;
}

std::vector<Spot> Spots(const Subject& subject, uint64_t step) {
  std::vector<Spot> spots;
  for (const auto& [path, content] : subject.files) {
    for (uint64_t offset = 0; offset < content.size(); offset += step) {
      spots.push_back({&path, offset});
    }
  }
  return spots;
}

std::vector<Edit> FileEdits(const Subject& subject) {
  std::vector<Edit> edits;
  for (const auto& [path, content] : subject.files) {
    edits.push_back({"removed " + path, [p = path](Files& files) { files.erase(p); }});
    edits.push_back({"emptied " + path, [p = path](Files& files) { files[p].clear(); }});
    edits.push_back({"zeroed " + path, [p = path](Files& files) {
                       std::fill(files[p].begin(), files[p].end(), '\0');
                     }});
    edits.push_back({"longer " + path, [p = path](Files& files) { files[p] += "more"; }});
  }
  const std::vector<std::string> paths = SegmentPaths(subject);
  for (const std::string& from : paths) {
    for (uint64_t to = 1; to <= 6; ++to) {
      const std::string target = subject.log.Path(to);
      if (target == from) continue;
      edits.push_back({from + " copied to " + target,
                       [=](Files& files) { files[target] = std::string(files[from]); }});
      edits.push_back({from + " moved to " + target, [=](Files& files) {
                         files[target] = std::move(files[from]);
                         files.erase(from);
                       }});
      if (subject.files.contains(target)) {
        edits.push_back({from + " swapped with " + target,
                         [=](Files& files) { std::swap(files[from], files[target]); }});
      }
    }
    edits.push_back({from + " under a wrong name",
                     [=](Files& files) { files["log/1.wal"] = std::string(files[from]); }});
  }
  for (size_t i = 0; i < paths.size(); ++i) {
    for (size_t j = i; j < paths.size(); ++j) {
      edits.push_back({paths[i] + " to " + paths[j] + " removed", [=](Files& files) {
                         for (size_t k = i; k <= j; ++k) files.erase(paths[k]);
                       }});
    }
  }
  return edits;
}

// Older copies of each file, and those of another log.
std::vector<Edit> StrangerEdits(const Subject& subject) {
  std::vector<Edit> edits;
  LogBuilder foreign = subject.log;
  foreign = CrashedLog();
  foreign.uuid = "another log's id";
  LogBuilder other;
  other.uuid = foreign.uuid;
  other.segment_bytes = kSmall;
  for (int i = 0; i < 3; ++i) {
    other.Segment(1);
    other.Batch({"x"});
    if (i < 2) other.End();
  }
  Subject stranger = Make("stranger", other);
  for (const auto& file : stranger.files) {
    edits.push_back(
        {"foreign " + file.first, [=](Files& files) { files[file.first] = file.second; }});
  }
  // A segment as it was when only its first `count` batches had been written.
  for (uint64_t segment = 1; segment <= 3; ++segment) {
    const std::string path = subject.log.Path(segment);
    if (!subject.files.contains(path)) continue;
    for (const BuiltBatch& batch : subject.log.batches) {
      if (batch.lsn >> 32 != segment) continue;
      for (const bool with_slots : {false, true}) {
        edits.push_back({fmt::format("{} as before {}", path, batch.offset), [=](Files& files) {
                           std::string& bytes = files[path];
                           std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(batch.offset),
                                     bytes.end(), '\0');
                           if (with_slots) return;
                           std::fill_n(bytes.begin() + 2 * kA, 2 * kA, '\0');
                         }});
      }
    }
  }
  return edits;
}

// Fields of a newer format, with the digests that belong to them.
std::vector<Edit> FutureEdits(const Subject& subject) {
  std::vector<Edit> edits;
  const auto add = [&](const std::string& path, std::vector<uint64_t> places, uint64_t bytes,
                       uint64_t field, char value) {
    edits.push_back({fmt::format("{} field {} = {}", path, field, value), [=](Files& files) {
                       Image image = {.bytes = files[path]};
                       for (const uint64_t place : places) {
                         image.bytes[place + field] = value;
                         image.PutDigest(place + bytes, place, place + bytes);
                       }
                       files[path] = image.bytes;
                     }});
  };
  add("log/LOG_ID", {0}, 48, 8, 2);
  add("log/LOG_ID", {0}, 48, 10, 1);
  add("log/LOG_ID", {0}, 48, 12, 1);
  for (const std::string& path : SegmentPaths(subject)) {
    // major, minor, features (compat, ro, in), event level, reserved, checksum, state, length, and what
    // it says of the segment before
    for (const uint64_t field :
         {8, 10, 72, 76, 80, 188, 200, 64, 52, 12, 53, 54, 55, 48, 88, 96, 104, 112, 120}) {
      add(path, {0, kA}, 240, field, 3);
      add(path, {0}, 240, field, 3);
      add(path, {kA}, 240, field, 1);
    }
  }
  for (const BuiltBatch& batch : subject.log.batches) {
    const std::string path = subject.log.Path(batch.lsn >> 32);
    if (!subject.files.contains(path)) continue;
    for (const auto& [field, value] : std::map<uint64_t, char>{{4, 2},
                                                               {5, 3},
                                                               {6, 2},
                                                               {7, 1},
                                                               {12, 1},
                                                               {16, 1},
                                                               {24, 9},
                                                               {32, 77},
                                                               {40, 9},
                                                               {44, 9},
                                                               {48, 1},
                                                               {51, 9},
                                                               {96, 3},
                                                               {104, 5}}) {
      add(path, {batch.offset}, 112, field, value);
    }
    add(path, {batch.offset}, 112, 5, static_cast<char>(200));
  }
  return edits;
}

// Each block of a file over each other one: a write that went to the wrong place.
std::vector<Edit> MisdirectedEdits(const Subject& subject) {
  std::vector<Edit> edits;
  for (const std::string& path : SegmentPaths(subject)) {
    const uint64_t blocks = std::min<uint64_t>(subject.files.at(path).size() / kA, 11);
    for (uint64_t from = 0; from < blocks; ++from) {
      for (uint64_t to = 0; to < blocks; ++to) {
        if (from == to) continue;
        edits.push_back({fmt::format("{} block {} also at {}", path, from, to), [=](Files& files) {
                           files[path].replace(to * kA, kA, files[path].substr(from * kA, kA));
                         }});
        edits.push_back(
            {fmt::format("{} block {} at {} instead", path, from, to), [=](Files& files) {
               files[path].replace(to * kA, kA, files[path].substr(from * kA, kA));
               files[path].replace(from * kA, kA, kA, '\0');
             }});
      }
    }
  }
  return edits;
}

}  // namespace stet::wal
