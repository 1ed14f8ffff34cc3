// Fates of attempts.
#include "tests/sim_engine/sim_world.h"

#include <algorithm>
#include <utility>

namespace stet::sim {
namespace {

constexpr int64_t kMilli = 1'000'000;
constexpr size_t kStrandedMax = 8;

}  // namespace

Executor SimWorkers::executor(std::function<int64_t()> now, std::function<uint64_t()> durable) {
  return [this, now = std::move(now), durable = std::move(durable)](std::function<void()> run) {
    errands_.push_back({.run = std::move(run), .due = DrawDue(now()), .durable = durable()});
  };
}

// Most are quick, some late (timeouts are a few seconds), some never come back.
int64_t SimWorkers::DrawDue(int64_t now) {
  switch (random_.Below(10)) {
    case 0:
      return now + kMilli * (3000 + random_.Below(30'000));
    case 1:
      return INT64_MAX;
    case 2:
    case 3:
    case 4:
      return now;
    default:
      return now + kMilli * random_.Below(500);
  }
}

void SimWorkers::Run(std::vector<Errand>& from, size_t index, bool stranded) {
  const Errand errand = std::move(from[index]);
  from.erase(from.begin() + static_cast<ptrdiff_t>(index));
  current_durable_ = errand.durable;
  current_stranded_ = stranded;
  errand.run();
}

bool SimWorkers::RunDue(int64_t now) {
  const auto first =
      std::min_element(errands_.begin(), errands_.end(),
                       [](const Errand& a, const Errand& b) { return a.due < b.due; });
  if (first == errands_.end() || first->due > now) return false;
  Run(errands_, static_cast<size_t>(first - errands_.begin()), false);
  return true;
}

bool SimWorkers::RunLost() {
  if (errands_.empty()) return false;
  Run(errands_, random_.Below(static_cast<uint32_t>(errands_.size())), false);
  return true;
}

int64_t SimWorkers::next() const {
  int64_t due = INT64_MAX;
  for (const Errand& errand : errands_) due = std::min(due, errand.due);
  return due;
}

void SimWorkers::Strand() {
  std::move(errands_.begin(), errands_.end(), std::back_inserter(stranded_));
  errands_.clear();
  if (stranded_.size() > kStrandedMax) {
    stranded_.erase(stranded_.begin(), stranded_.end() - kStrandedMax);
  }
}

bool SimWorkers::RunStranded() {
  if (stranded_.empty()) return false;
  Run(stranded_, random_.Below(static_cast<uint32_t>(stranded_.size())), true);
  return true;
}

}  // namespace stet::sim
