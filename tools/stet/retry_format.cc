// Reading of retry policies.
#include "tools/stet/retry_format.h"

#include <algorithm>
#include <cstdint>

#include <absl/strings/ascii.h>
#include <fmt/format.h>

#include "tools/stet/quote.h"
#include "tools/stet/status_macros.h"

namespace stet::cli {
namespace {

absl::Status ParseKind(const Field& field, Backoff& backoff) {
  STET_ASSIGN_OR_RETURN(const std::string kind, field.String());
  if (kind == "fixed") {
    backoff.kind = BackoffKind::kFixed;
  } else if (kind == "linear") {
    backoff.kind = BackoffKind::kLinear;
  } else if (kind == "exponential") {
    backoff.kind = BackoffKind::kExponential;
  } else {
    return field.Error(
        fmt::format("{} must be \"fixed\", \"linear\" or \"exponential\"", Quote(kind)));
  }
  return absl::OkStatus();
}

absl::Status ParseBackoff(const Field& object, Backoff& backoff) {
  STET_RETURN_IF_ERROR(object.ExpectKeys({"kind", "base", "factor", "cap", "jitter"}));
  constexpr double kFactorMax = 1000;
  bool capped = false;
  for (const auto& [key, value] : object.value().members) {
    const Field member = object.Member(key, value);
    if (key == "kind") {
      STET_RETURN_IF_ERROR(ParseKind(member, backoff));
    } else if (key == "base") {
      STET_ASSIGN_OR_RETURN(backoff.base, member.Duration());
    } else if (key == "factor") {
      STET_ASSIGN_OR_RETURN(backoff.factor, member.Number(1, kFactorMax));
    } else if (key == "cap") {
      STET_ASSIGN_OR_RETURN(backoff.cap, member.Duration());
      capped = true;
    } else {
      STET_ASSIGN_OR_RETURN(backoff.jitter, member.Number(0, 1));
    }
  }
  if (!capped) backoff.cap = std::max(backoff.cap, backoff.base);
  if (backoff.cap < backoff.base) return object.Error("\"cap\" must not be less than \"base\"");
  return absl::OkStatus();
}

// Names of status codes, such as "aborted": what a command fails with.
absl::StatusOr<CodeSet> ParseCodes(const Field& list) {
  STET_RETURN_IF_ERROR(list.ExpectKind(JsonValue::Kind::kArray));
  uint32_t bits = 0;
  for (size_t i = 0; i < list.value().items.size(); ++i) {
    STET_ASSIGN_OR_RETURN(const std::string name, list.Item(i).String());
    const std::string upper = absl::AsciiStrToUpper(name);
    int code = 1;
    while (code <= 16 && absl::StatusCodeToString(static_cast<absl::StatusCode>(code)) != upper) {
      ++code;
    }
    if (code > 16) {
      return list.Item(i).Error(fmt::format(
          "{} is no status code; write aborted, unavailable, internal, ...", Quote(name)));
    }
    bits |= 1U << static_cast<unsigned>(code);
  }
  return CodeSet::FromBits(bits);
}

}  // namespace

absl::Status ParseRetry(const Field& retry, RetryPolicy& policy) {
  STET_RETURN_IF_ERROR(
      retry.ExpectKeys({"max_attempts", "max_lost", "backoff", "non_retryable", "deadline"}));
  for (const auto& [key, value] : retry.value().members) {
    const Field member = retry.Member(key, value);
    if (key == "backoff") {
      STET_RETURN_IF_ERROR(ParseBackoff(member, policy.backoff));
      continue;
    }
    if (key == "non_retryable") {
      STET_ASSIGN_OR_RETURN(policy.non_retryable, ParseCodes(member));
      continue;
    }
    if (key == "deadline") {
      STET_ASSIGN_OR_RETURN(policy.deadline, member.Duration());
      continue;
    }
    STET_ASSIGN_OR_RETURN(const int64_t count, member.Integer(1, UINT32_MAX));
    (key == "max_lost" ? policy.max_lost : policy.max_attempts) = static_cast<uint32_t>(count);
  }
  return absl::OkStatus();
}

}  // namespace stet::cli
