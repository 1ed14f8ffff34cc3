// Text from files and users, made fit for one line of a message.
#pragma once

#include <string>
#include <string_view>

namespace stet::cli {

// `text` in double quotes, control characters and invalid UTF-8 escaped, cut after about 80 bytes.
std::string Quote(std::string_view text);

// `text` on one line: each line break and its indentation becomes "; ".
std::string OneLine(std::string_view text);

}  // namespace stet::cli
