// Makes a typed refusal: a Status with a Reason and its fields in the payload.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include <absl/status/status.h>

#include "stet/reason.h"

namespace stet::core {

absl::Status Refuse(absl::StatusCode code, Reason reason, const std::string& message,
                    std::initializer_list<std::pair<std::string_view, std::string>> fields = {});

}  // namespace stet::core
