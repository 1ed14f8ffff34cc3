// A thread for one answer.
#include "tools/stet/errand.h"

#include <system_error>
#include <utility>

#include <absl/status/status.h>
#include <fmt/format.h>

namespace stet::cli {

absl::StatusOr<std::unique_ptr<Errand>> Errand::Start(std::function<std::string()> work,
                                                      std::function<void()> done) {
  std::unique_ptr<Errand> errand(new Errand());
  try {
    errand->thread_ =
        std::thread([raw = errand.get(), work = std::move(work), done = std::move(done)] {
          raw->answer_ = work();
          raw->ended_.store(true, std::memory_order_release);
          done();
        });
  } catch (const std::system_error& error) {
    return absl::ResourceExhaustedError(
        fmt::format("no thread for what takes long: {}", error.what()));
  }
  return errand;
}

Errand::~Errand() {
  if (thread_.joinable()) thread_.join();
}

std::string Errand::Take() {
  if (thread_.joinable()) thread_.join();
  return std::move(answer_);
}

}  // namespace stet::cli
