// By when a run must have started or ended.
#pragma once

#include <cstdint>
#include <string>

#include "core/execution.h"

namespace stet::core {

// `at_ns` 0: there is none.
struct RunLimit {
  int64_t at_ns = 0;
  schema::TimeoutKind kind = schema::TimeoutKind::StartToClose;
};

// `ns` after `at_ns`; the end of time if that is beyond it.
int64_t Later(int64_t at_ns, int64_t ns);

// When a ready run fails unless it has started, and why.
RunLimit LimitOfReady(const Execution& execution, uint32_t task);

// When an attempt that starts at `now` times out, by its own timeout or its run's.
RunLimit LimitOfAttempt(const Execution& execution, uint32_t task, int64_t now);

// Whether an attempt may still begin at `at_ns`: otherwise its run has failed.
bool MayBegin(const Execution& execution, uint32_t task, int64_t at_ns);

// Whether any task of it can have a LimitOfReady.
bool HasLimitsOfReady(const Definition& definition);

// What a timeout of that kind is told as: the error of its attempt or run.
std::string TimeoutText(const Execution& execution, uint32_t task, schema::TimeoutKind kind);

}  // namespace stet::core
