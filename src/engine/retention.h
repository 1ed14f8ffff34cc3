// Purges what has been kept long enough.
#pragma once

#include <absl/time/time.h>

#include "engine/ledger.h"
#include "stet/retention.h"

namespace stet::engine {

// The loop's thread owns it.
class RetentionRules {
 public:
  // `ledger` is kept.
  RetentionRules(const Retention& rules, Ledger* ledger) : rules_(rules), ledger_(*ledger) {}

  // Purges a part of what is due, of what is released; once a second at most.  False if there was nothing.
  bool Run();

  // When something may be due; InfiniteFuture if nothing is to come.
  absl::Time next() const;

 private:
  bool HasSurplus() const {
    return rules_.count.has_value() && ledger_.state().ended().size() > *rules_.count;
  }

  const Retention rules_;
  Ledger& ledger_;
  absl::Time rest_until_ = absl::InfinitePast();
};

}  // namespace stet::engine
