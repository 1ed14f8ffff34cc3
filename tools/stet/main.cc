// stet: run and operate durable workflows of commands.
#include <cstring>

#include "tools/stet/commands.h"
#include "tools/stet/supervisor.h"

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], stet::cli::kSuperviseCommand) == 0) {
    return stet::cli::Supervise(argc, argv);
  }
  return stet::cli::Main(argc, argv);
}
