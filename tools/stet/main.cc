// stet: run and operate durable workflows of commands.
#include <cstdio>
#include <cstring>

#include "tools/stet/commands.h"
#include "tools/stet/failure.h"
#include "tools/stet/supervisor.h"

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], stet::cli::kSuperviseCommand) == 0) {
    return stet::cli::Supervise(argc, argv);
  }
  const int status = stet::cli::Main(argc, argv);
  // A report that did not reach its file must not look like one that did.
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
  std::fputs("stet: standard output cannot be written\n", stderr);
  return static_cast<int>(stet::cli::ExitStatus::kInputOutput);
}
