// Early return on errors: RETURN_IF_ERROR(expression) and ASSIGN_OR_RETURN(target, expression).
#pragma once

#include <utility>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#define STET_CONCAT_INNER(a, b) a##b
#define STET_CONCAT(a, b) STET_CONCAT_INNER(a, b)

// Returns the status of the expression from the enclosing function unless it is OK.
// Variadic, so that a call with template commas passes.
#define RETURN_IF_ERROR(...)                                           \
  do {                                                                 \
    if (absl::Status stet_status = (__VA_ARGS__); !stet_status.ok()) { \
      return stet_status;                                              \
    }                                                                  \
  } while (false)

// Evaluates an expression of type StatusOr<T>; returns its status, or moves its value to `target`,
// which may be a declaration.
#define ASSIGN_OR_RETURN(target, ...) \
  ASSIGN_OR_RETURN_INNER(STET_CONCAT(stet_or_, __LINE__), target, __VA_ARGS__)
#define ASSIGN_OR_RETURN_INNER(result, target, ...)    \
  auto result = (__VA_ARGS__);                         \
  if (!result.ok()) return std::move(result).status(); \
  target = std::move(result).value()
