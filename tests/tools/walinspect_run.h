// Runs the real walinspect and takes apart what it says.
#pragma once

#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

namespace stet::wal {

using Json = nlohmann::json;

struct Outcome {
  int exit = -1;
  std::string out = {};  // standard output and standard error

  std::vector<Json> Lines() const {
    std::vector<Json> lines;
    size_t begin = 0;
    for (size_t end = out.find('\n'); end != std::string::npos; end = out.find('\n', begin)) {
      const std::string line = out.substr(begin, end - begin);
      if (line.starts_with("{")) lines.push_back(Json::parse(line));
      begin = end + 1;
    }
    return lines;
  }
  bool Has(const std::string& text) const { return out.find(text) != std::string::npos; }
};

inline Outcome Run(const std::string& arguments) {
  const char* exe = std::getenv("WALINSPECT_EXE");  // NOLINT(concurrency-mt-unsafe)
  REQUIRE(exe != nullptr);
  FILE* pipe = ::popen((std::string(exe) + " " + arguments + " 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  Outcome outcome;
  char buffer[4096];
  for (size_t n = 1; n > 0;) {
    n = std::fread(buffer, 1, sizeof(buffer), pipe);
    outcome.out.append(buffer, n);
  }
  const int status = ::pclose(pipe);
  outcome.exit = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return outcome;
}

}  // namespace stet::wal
