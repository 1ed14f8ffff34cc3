// The environment variable in which a command finds the output of an upstream task.
#pragma once

#include <string>
#include <string_view>

namespace stet::cli {

// "STET_OUTPUT_" and the task's name in capitals, with '_' for every other character.
std::string OutputVariable(std::string_view task);

}  // namespace stet::cli
