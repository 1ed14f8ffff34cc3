// Gives a fuzz target every file of a corpus, and mutants of each: where there is no libFuzzer.
//
//   batch_fuzz DIRECTORY [mutants of each, 10]; STET_SEED=N for other mutants
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <set>
#include <string>

#include <fmt/format.h>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void Run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
}

// A few bytes changed, or the end gone.
std::string MutantOf(std::string input, std::mt19937_64* random) {
  if (input.empty()) return input;
  for (uint64_t i = 0; i <= (*random)() % 4; ++i) {
    input[(*random)() % input.size()] = static_cast<char>((*random)());
  }
  if ((*random)() % 8 == 0) input.resize((*random)() % input.size());
  return input;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "{} DIRECTORY [mutants of each]\n", argv[0]);
    return 2;
  }
  const int mutants = argc > 2 ? std::atoi(argv[2]) : 10;
  const char* given = std::getenv("STET_SEED");  // NOLINT(concurrency-mt-unsafe)
  const uint64_t seed = given != nullptr ? std::stoull(given) : 1;
  std::mt19937_64 random(seed);
  std::set<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) paths.insert(entry.path());
  for (const std::filesystem::path& path : paths) {
    fmt::print("{}\n", path.filename().string());
    std::fflush(stdout);  // before what may end the process
    const std::string input = ReadFile(path);
    Run(input);
    for (int i = 0; i < mutants; ++i) Run(MutantOf(input, &random));
  }
  fmt::print("{} files, {} mutants of each, STET_SEED={}\n", paths.size(), mutants, seed);
  return paths.empty() ? 1 : 0;
}
