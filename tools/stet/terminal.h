// What is said on standard output and error: colours and updating lines on a terminal only.
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>

namespace stet::cli {

enum class Colour { kGreen, kRed, kYellow, kFaint };

// Whether `fd` is a terminal that understands escapes; NO_COLOR and TERM=dumb are respected.
bool IsTerminal(int fd);

// `text` in colour if `terminal`, as it is otherwise.
std::string Paint(bool terminal, Colour colour, std::string_view text);

// Writes `text`.  Unlike fmt::print it throws nothing when nobody can take it: a full disk under the output of stet must not end the
// workflow.  Standard output is judged once, at the end of main.
void Say(std::FILE* stream, std::string_view text);

// Columns of the terminal behind `fd`; 80 when unknown.
size_t TerminalColumns(int fd);

}  // namespace stet::cli
