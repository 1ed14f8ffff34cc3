// Names of environment variables for outputs.
#include "tools/stet/output_variable.h"

namespace stet::cli {

std::string OutputVariable(std::string_view task) {
  std::string name = "STET_OUTPUT_";
  for (char c : task) {
    if (c >= 'a' && c <= 'z') {
      name += static_cast<char>(c - 'a' + 'A');
    } else {
      name += (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? c : '_';
    }
  }
  return name;
}

}  // namespace stet::cli
