// When to purge, and how much.
#include "engine/retention.h"

#include <algorithm>

namespace stet::engine {
namespace {

// Each purge walks over all that is kept: rather seldom and many.
constexpr absl::Duration kRest = absl::Seconds(1);

}  // namespace

bool RetentionRules::Run() {
  if (ledger_.now() < next() || ledger_.out_of_room()) return false;
  core::Retain retain = {.count_max = rules_.count,
                         .key_retention_ns = absl::ToInt64Nanoseconds(rules_.key_retention),
                         .seq_max = ledger_.journal().released()};
  if (rules_.age.has_value()) retain.age_ns_max = absl::ToInt64Nanoseconds(*rules_.age);
  const uint64_t before = ledger_.state().seq();
  const bool done = ledger_.Execute(retain).ok() && ledger_.state().seq() > before;
  // Another part at once, if there is one.
  if (!done || next() > ledger_.now()) rest_until_ = ledger_.now() + kRest;
  return done;
}

absl::Time RetentionRules::next() const {
  const auto& ended = ledger_.state().ended();
  absl::Time due = absl::InfiniteFuture();
  if (ended.empty()) return due;
  if (rules_.age.has_value()) due = absl::FromUnixNanos(ended.begin()->first) + *rules_.age;
  if (HasSurplus()) due = absl::InfinitePast();
  return std::max(due, rest_until_);
}

}  // namespace stet::engine
