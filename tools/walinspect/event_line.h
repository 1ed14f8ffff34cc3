// An event of the log on a line, for a person or as JSON; and a place that holds none.
#pragma once

#include <cstdint>

#include "stet/wal/inspect.h"
#include "stet/wal/record.h"
#include "tools/walinspect/text.h"

namespace stet::walinspect {

inline constexpr size_t kPayloadChars = 120;  // of a payload in text; JSON has all of it

// {"seq", "lsn", "epoch", "time", "execution", "type", "type_id", "bytes", and "event" or "hex"}.
Json EventJson(const wal::BatchInfo& batch, const wal::Record& record);
std::string EventText(const wal::BatchInfo& batch, const wal::Record& record);

// A span that is no event and not just unused; `in_flight` of a log that is being written.
bool IsGap(const wal::Span& span);
Json GapJson(const wal::Span& span, bool in_flight);
std::string GapText(const wal::Span& span, bool in_flight);

}  // namespace stet::walinspect
