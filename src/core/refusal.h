// Makes a typed refusal: a Status with a Reason and its fields in the payload.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include <absl/status/status.h>
#include <fmt/format.h>

#include "stet/reason.h"

namespace stet::core {

absl::Status Refuse(absl::StatusCode code, Reason reason, const std::string& message,
                    std::initializer_list<std::pair<std::string_view, std::string>> fields = {});

// An execution's id as people see it: 16 hex digits.
inline std::string IdText(uint64_t id) { return fmt::format("{:016x}", id); }

}  // namespace stet::core
