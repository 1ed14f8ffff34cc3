// walinspect explain: one structure, field by field, and what happened to it.
#include "stet/wal/explain.h"

#include <optional>

#include <fmt/format.h>

#include "tools/walinspect/advice.h"
#include "tools/walinspect/commands.h"
#include "tools/walinspect/text.h"

namespace stet::walinspect {
namespace {

constexpr size_t kFieldChars = 36;  // a digest, and a little more

std::span<const std::byte> BytesOf(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

Json FieldJson(const wal::Field& field) {
  return {{"name", field.name},
          {"offset", field.offset},
          {"bytes", field.bytes},
          {"found", field.found},
          {"expected", field.expected.empty() ? Json(nullptr) : Json(field.expected)},
          {"ok", field.ok}};
}

void PrintJson(const wal::Explanation& said, const std::string& next, Exit exit) {
  Json fields = Json::array();
  for (const wal::Field& field : said.fields) fields.push_back(FieldJson(field));
  Json differences = Json::array();
  for (const wal::HexDifference& one : said.differences) {
    differences.push_back({{"offset", one.offset},
                           {"found", HexDump(BytesOf(one.found), SIZE_MAX)},
                           {"expected", HexDump(BytesOf(one.expected), SIZE_MAX)}});
  }
  PrintLine({{"structure", said.structure},
             {"cause", wal::ToString(said.cause)},
             {"text", said.text},
             {"file", said.file},
             {"offset", said.offset},
             {"bytes", said.bytes},
             {"lsn", Hex(said.lsn)},
             {"first_seq", said.first_seq},
             {"last_seq", said.last_seq},
             {"promised", said.promised},
             {"flip", said.flip ? Json{{"offset", said.flip->offset}, {"bit", said.flip->bit}}
                                : Json(nullptr)},
             {"from_lsn", said.from_lsn ? Json(Hex(*said.from_lsn)) : Json(nullptr)},
             {"fields", std::move(fields)},
             {"differences", std::move(differences)},
             {"next", next.empty() ? Json(nullptr) : Json(next)},
             {"exit", static_cast<int>(exit)}});
}

void PrintField(const wal::Field& field) {
  std::string line = fmt::format("{} {:>10}  {:<20}  {:<{}}", field.ok ? ' ' : '!', field.offset,
                                 field.name, field.found, kFieldChars);
  if (!field.ok && !field.expected.empty()) line += fmt::format("  expected {}", field.expected);
  line.erase(line.find_last_not_of(' ') + 1);
  fmt::print("  {}\n", Painted(field.ok ? Colour::kPlain : Colour::kRed, line));
}

void PrintText(const wal::Explanation& said, const std::string& next, Exit exit) {
  std::string place = fmt::format("lsn {}, {} offset {}, {}", Hex(said.lsn), said.file, said.offset,
                                  Counted(said.bytes, "byte", "bytes"));
  if (said.last_seq != 0) place += fmt::format(", seq {}..{}", said.first_seq, said.last_seq);
  fmt::print(
      "{}: {}\n  at        {}\n", said.structure,
      Painted(exit == Exit::kDamage ? Colour::kRed : Colour::kGreen, wal::ToString(said.cause)),
      place);
  if (!said.text.empty()) fmt::print("  why       {}\n", said.text);
  if (!next.empty()) fmt::print("  next      {}\n", next);
  for (const wal::Field& field : said.fields) PrintField(field);
  for (const wal::HexDifference& one : said.differences) {
    fmt::print("  bytes from offset {}\n    found     {}\n    expected  {}\n", one.offset,
               HexDump(BytesOf(one.found), SIZE_MAX), HexDump(BytesOf(one.expected), SIZE_MAX));
  }
}

// A copy of which another counts, and what no one was promised, is no damage.
Exit ExitOf(const wal::Explanation& said) {
  switch (said.cause) {
    case wal::Cause::kIntact:
    case wal::Cause::kUnused:
    case wal::Cause::kDead:
      return Exit::kClean;
    case wal::Cause::kTorn:
    case wal::Cause::kStale:
      return said.promised ? Exit::kDamage : Exit::kTornTail;
    default:
      return said.spare ? Exit::kClean : Exit::kDamage;
  }
}

}  // namespace

Exit RunExplain(const ExplainArguments& arguments) {
  const std::optional<uint64_t> lsn = LsnFrom(arguments.place);
  const std::optional<uint64_t> seq = NumberFrom<uint64_t>(arguments.seq);
  if (arguments.place.empty() == arguments.seq.empty()) {
    SayUsage("want an LSN or --seq N, one of the two", arguments.json);
    return Exit::kUsage;
  }
  if (!arguments.seq.empty() && !seq) {
    SayUsage(fmt::format("--seq {}: expected a number", arguments.seq), arguments.json);
    return Exit::kUsage;
  }
  if (!arguments.place.empty() && !lsn) {
    SayUsage(
        fmt::format("{}: expected an LSN: 0x100004000, 0000000100004000, or 1:16384 (segment and "
                    "offset)",
                    arguments.place),
        arguments.json);
    return Exit::kUsage;
  }
  const wal::Options options = LogOptions(arguments.directory);
  const auto said = seq ? wal::ExplainSeq(options, *seq) : wal::Explain(options, *lsn);
  if (!said.ok()) {
    const Exit exit = ExitWithout(options);
    Say({.code = exit == Exit::kInputOutput ? "io_error" : "not_found",
         .message = std::string(said.status().message()),
         .file = options.directory},
        arguments.json);
    return exit;
  }
  const Exit exit = ExitOf(*said);
  const std::string next = NextFor(*said, arguments.directory);
  if (arguments.json) {
    PrintJson(*said, next, exit);
  } else {
    PrintText(*said, next, exit);
  }
  return exit;
}

}  // namespace stet::walinspect
