// walinspect map: one character for each block of the segments.
#include "stet/wal/map.h"

#include <array>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "stet/inspect.h"
#include "stet/wal/inspect.h"
#include "tools/walinspect/commands.h"
#include "tools/walinspect/text.h"

namespace stet::walinspect {
namespace {

Colour ColourOf(wal::Block block) {
  switch (block) {
    case wal::Block::kTorn:
    case wal::Block::kStale:
    case wal::Block::kDetached:
      return Colour::kYellow;
    case wal::Block::kBad:
    case wal::Block::kMisplaced:
    case wal::Block::kUnchained:
    case wal::Block::kUnreadable:
    case wal::Block::kMissing:
      return Colour::kRed;
    case wal::Block::kZeros:
    case wal::Block::kDead:
      return Colour::kDim;
    default:
      return Colour::kPlain;
  }
}

Json MapJson(const wal::SegmentMap& map) {
  Json runs = Json::array();
  for (size_t begin = 0; begin < map.blocks.size();) {
    size_t end = begin;
    while (end < map.blocks.size() && map.blocks[end] == map.blocks[begin]) ++end;
    runs.push_back({{"block", wal::ToString(map.blocks[begin])},
                    {"offset", begin * map.block_bytes},
                    {"count", end - begin}});
    begin = end;
  }
  return {{"file", map.file},
          {"segno", map.segno},
          {"state", map.state},
          {"block_bytes", map.block_bytes},
          {"blocks", map.blocks.size()},
          {"runs", std::move(runs)}};
}

class Drawing {
 public:
  explicit Drawing(size_t width) : width_(width) {}

  void Segment(const wal::SegmentMap& map) {
    fmt::print("{}: {}, blocks of {}\n", map.file, map.state, BytesText(map.block_bytes));
    std::string before;
    bool starred = false;
    for (size_t at = 0; at < map.blocks.size(); at += width_) {
      const std::string line = Line(map, at);
      const bool last = at + width_ >= map.blocks.size();
      if (line == before && !last) {
        if (!starred) fmt::print("{:>12}\n", "*");
        starred = true;
        continue;
      }
      fmt::print("{:>12}  {}\n", at * map.block_bytes, line);
      before = line;
      starred = false;
    }
  }

  // What the characters that were drawn mean.
  void Legend() const {
    std::string text;
    for (size_t i = 0; i < met_.size(); ++i) {
      const auto block = static_cast<wal::Block>(i);
      if (met_[i]) text += fmt::format("  {} {}", wal::SymbolOf(block), wal::ToString(block));
    }
    if (!text.empty()) fmt::print("\n{}\n", text);
  }

 private:
  std::string Line(const wal::SegmentMap& map, size_t begin) {
    std::string line;
    for (size_t i = begin; i < std::min(begin + width_, map.blocks.size()); ++i) {
      met_[static_cast<size_t>(map.blocks[i])] = true;
      line += Painted(ColourOf(map.blocks[i]), std::string(1, wal::SymbolOf(map.blocks[i])));
    }
    return line;
  }

  const size_t width_;
  std::array<bool, wal::kBlockKinds> met_ = {};
};

}  // namespace

Exit RunMap(const MapArguments& arguments) {
  const auto width = arguments.width.empty() ? 64 : NumberFrom<size_t>(arguments.width);
  const auto only = arguments.segment.empty() ? 0 : NumberFrom<uint64_t>(arguments.segment);
  if (!width || *width == 0 || !only) {
    Say({.code = "usage",
         .message = !only
                        ? fmt::format("--segment {}: expected a number", arguments.segment)
                        : fmt::format("--width {}: expected a number, 1 or more", arguments.width)},
        arguments.json);
    return Exit::kUsage;
  }
  const wal::Options options = LogOptions(arguments.directory);
  const auto maps = wal::MapBlocks(options);
  if (!maps.ok()) {
    Say({.code = "io_error",
         .message = std::string(maps.status().message()),
         .file = options.directory},
        arguments.json);
    return Exit::kInputOutput;
  }
  Drawing drawing(*width);
  bool found = *only == 0;
  for (const wal::SegmentMap& map : *maps) {
    if (*only != 0 && map.segno != *only) continue;
    found = true;
    if (arguments.json) {
      PrintLine(MapJson(map));
    } else {
      drawing.Segment(map);
    }
  }
  if (!found) {
    Say({.code = "not_found",
         .message = fmt::format("--segment {}: not here", *only),
         .file = options.directory,
         .next = "`walinspect ls` lists those that are"},
        arguments.json);
    return Exit::kUsage;
  }
  if (!arguments.json) drawing.Legend();
  return ExitOf(ExamineWithSnapshots(options));
}

}  // namespace stet::walinspect
