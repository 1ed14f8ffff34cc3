// Early return on an error Status, for the tool's own code.
#pragma once

#include <utility>

#include <absl/status/status.h>

// Returns from the enclosing function if the expression is not ok.
#define STET_RETURN_IF_ERROR(...)                                      \
  do {                                                                 \
    if (absl::Status stet_status = (__VA_ARGS__); !stet_status.ok()) { \
      return stet_status;                                              \
    }                                                                  \
  } while (false)

#define STET_MACRO_JOIN_(a, b) a##b
#define STET_MACRO_JOIN(a, b) STET_MACRO_JOIN_(a, b)

#define STET_ASSIGN_OR_RETURN_(temporary, lhs, ...)          \
  auto temporary = (__VA_ARGS__);                            \
  if (!temporary.ok()) return std::move(temporary).status(); \
  lhs = std::move(temporary).value()

// STET_ASSIGN_OR_RETURN(auto value, Expression()): declares or assigns `value`, or returns the error.
#define STET_ASSIGN_OR_RETURN(lhs, ...) \
  STET_ASSIGN_OR_RETURN_(STET_MACRO_JOIN(stet_result_, __LINE__), lhs, __VA_ARGS__)
