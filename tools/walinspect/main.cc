// walinspect: read and prove logs.
#include <CLI/CLI.hpp>

int main(int argc, char** argv) {
  CLI::App app("Reads and proves logs; changes nothing", "walinspect");
  CLI11_PARSE(app, argc, argv);
  return 0;
}
