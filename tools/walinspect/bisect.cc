// walinspect bisect: the first event at which two directories tell different stories.
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "stet/inspect.h"
#include "tools/walinspect/commands.h"
#include "tools/walinspect/text.h"

namespace stet::walinspect {
namespace {

std::string_view NameOf(Divergence::Kind kind) {
  switch (kind) {
    case Divergence::Kind::kNone:
      return "none";
    case Divergence::Kind::kLength:
      return "length";
    case Divergence::Kind::kEvent:
      return "event";
    case Divergence::Kind::kState:
      return "state";
  }
  return "unknown";
}

Exit ExitFor(Divergence::Kind kind) {
  switch (kind) {
    case Divergence::Kind::kNone:
      return Exit::kClean;
    case Divergence::Kind::kLength:
      return Exit::kTornTail;
    case Divergence::Kind::kEvent:
    case Divergence::Kind::kState:
      break;
  }
  return Exit::kDamage;
}

Json EventOrNull(const std::string& text) {
  if (text.empty()) return nullptr;
  const Json event = Json::parse(text, nullptr, false);
  return event.is_discarded() ? Json(text) : event;
}

void PrintText(const Divergence& found, const BisectArguments& arguments) {
  switch (found.kind) {
    case Divergence::Kind::kNone:
      fmt::print("the same events, and the same end\n");
      return;
    case Divergence::Kind::kLength:
      fmt::print("the same events up to {}; only one goes on\n", found.seq - 1);
      break;
    case Divergence::Kind::kEvent:
      fmt::print("{}\n", Painted(Colour::kRed, fmt::format("event {} differs", found.seq)));
      break;
    case Divergence::Kind::kState:
      fmt::print("{}\n", Painted(Colour::kRed,
                                 fmt::format("the states differ already behind event {}, with "
                                             "which both begin",
                                             found.seq)));
      break;
  }
  for (const auto& [name, text] :
       {std::pair(arguments.first, found.text[0]), std::pair(arguments.second, found.text[1])}) {
    fmt::print("  {}: {}\n", name, text.empty() ? "nothing" : text);
  }
}

}  // namespace

Exit RunBisect(const BisectArguments& arguments) {
  const auto found = Bisect({.directory = arguments.first, .whole_log = true},
                            {.directory = arguments.second, .whole_log = true});
  if (!found.ok()) {
    Say({.code = "drift", .message = std::string(found.status().message())}, arguments.json);
    return absl::IsNotFound(found.status()) ? Exit::kInputOutput : Exit::kDamage;
  }
  if (arguments.json) {
    PrintLine({{"kind", NameOf(found->kind)},
               {"seq", found->kind == Divergence::Kind::kNone ? Json(nullptr) : Json(found->seq)},
               {"first", EventOrNull(found->text[0])},
               {"second", EventOrNull(found->text[1])}});
  } else {
    PrintText(*found, arguments);
  }
  return ExitFor(found->kind);
}

}  // namespace stet::walinspect
