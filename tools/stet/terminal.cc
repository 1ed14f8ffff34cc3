// Terminals.
#include "tools/stet/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

#include <fmt/format.h>

namespace stet::cli {

bool IsTerminal(int fd) {
  if (isatty(fd) == 0) return false;
  // NOLINTBEGIN(concurrency-mt-unsafe): nobody changes the environment.
  const char* term = std::getenv("TERM");
  if (std::getenv("NO_COLOR") != nullptr) return false;
  // NOLINTEND(concurrency-mt-unsafe)
  return term == nullptr || std::string_view(term) != "dumb";
}

void Say(std::FILE* stream, std::string_view text) {
  // Standard error has no buffer: one call is one write, whole between the lines of others.
  std::fwrite(text.data(), 1, text.size(), stream);
}

std::string Paint(bool terminal, Colour colour, std::string_view text) {
  if (!terminal) return std::string(text);
  int code = 0;
  switch (colour) {
    case Colour::kGreen:
      code = 32;
      break;
    case Colour::kRed:
      code = 31;
      break;
    case Colour::kYellow:
      code = 33;
      break;
    case Colour::kFaint:
      code = 2;
      break;
  }
  return fmt::format("\033[{}m{}\033[0m", code, text);
}

size_t TerminalColumns(int fd) {
  winsize size{};
  return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace stet::cli
