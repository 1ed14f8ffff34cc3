// A program that knows nothing but the installed library: runs a workflow, and finds it again.
#include <cstdio>

#include <stet/engine.h>

namespace {

stet::EngineOptions OptionsFor(const char* directory) {
  stet::EngineOptions options;
  options.directory = directory;
  options.workflows = {{.name = "greet",
                        .tasks = {{.name = "hello", .activity = "say"},
                                  {.name = "world", .activity = "say", .after = {"hello"}}}}};
  options.activities["say"] = [](stet::ActivityContext& context) -> absl::StatusOr<stet::Payload> {
    return stet::Payload('"' + std::string(context.task()) + '"');
  };
  return options;
}

bool Run(const char* directory, bool existed) {
  auto engine = stet::Engine::Open(OptionsFor(directory));
  if (!engine.ok()) {
    std::fprintf(stderr, "%s\n", engine.status().ToString().c_str());
    return false;
  }
  auto started = (*engine)->Start({.workflow = "greet", .key = "one", .input = "1"});
  if (!started.ok() || started->existed != existed) return false;
  auto report = (*engine)->Wait("one", absl::Seconds(30));
  return report.ok() && report->success() && report->output("world") == R"("world")" &&
         (*engine)->Close().ok();
}

}  // namespace

int main(int argc, char** argv) {
  return argc == 2 && Run(argv[1], false) && Run(argv[1], true) ? 0 : 1;
}
