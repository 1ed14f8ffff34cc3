// Tells the host's log.
#pragma once

#include <functional>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "stet/log_line.h"

namespace stet::engine {

using OnLog = std::function<void(const LogLine&)>;

// Says nothing where nobody listens.
class Logger {
 public:
  explicit Logger(OnLog on_log) : on_log_(std::move(on_log)) {}

  bool wanted() const { return on_log_ != nullptr; }
  void Say(LogLevel level, std::string_view message,
           std::initializer_list<LogField> fields = {}) const {
    if (on_log_) on_log_({.level = level, .message = message, .fields = fields});
  }

 private:
  OnLog on_log_;
};

}  // namespace stet::engine
