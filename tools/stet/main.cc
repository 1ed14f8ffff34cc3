// stet: run and operate durable workflows of commands.
#include <CLI/CLI.hpp>

int main(int argc, char** argv) {
  CLI::App app("Durable workflows of commands", "stet");
  CLI11_PARSE(app, argc, argv);
  return 0;
}
