// State of a directory at any event, read without its lock.
#include "stet/inspect.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "core/apply.h"
#include "engine/replay.h"
#include "engine/reports.h"
#include "engine/resolve.h"
#include "schema/describe.h"
#include "schema/event_type.h"
#include "stet/wal/inspect.h"

namespace stet {

class Replayed::Impl {
 public:
  wal::RecoveryReport log = {};
  engine::Books books = {};
};

namespace {

using engine::Books;

// The log may be written at this moment: what counts is what the report has accepted.
absl::Status ReplayAccepted(const wal::Options& options, const wal::RecoveryReport& log,
                            uint64_t seq_max, Books& books) {
  ASSIGN_OR_RETURN(wal::Scanner scanner, wal::Scanner::Open(options));
  while (books.state.seq() < seq_max && scanner.Next()) {
    const wal::Span& span = scanner.span();
    if (span.begin_lsn >= log.end_lsn) break;
    if (span.kind != wal::Span::Kind::kBatch) continue;
    RETURN_IF_ERROR(engine::ReplayBatch(books, span.batch, span.records, seq_max));
  }
  if (books.state.seq() < std::min(seq_max, log.last_seq)) {
    return absl::DataLossError(
        fmt::format("events from {} to {} cannot be read", books.state.seq() + 1, log.last_seq));
  }
  return absl::OkStatus();
}

absl::Status RefusalStatus(const wal::RecoveryReport& log, const std::string& directory) {
  const wal::Finding* finding = log.refusal_finding();
  const std::string text = finding == nullptr ? "the log is refused" : finding->ToString();
  std::error_code error;
  switch (log.refusal) {
    case wal::Refusal::kNotALog:
      return absl::NotFoundError(text);
    case wal::Refusal::kNoAccess:
      return std::filesystem::exists(directory, error) ? absl::PermissionDeniedError(text)
                                                       : absl::NotFoundError(text);
    case wal::Refusal::kUnsupported:
      return absl::UnimplementedError(text);
    default:
      return absl::DataLossError(text);
  }
}

}  // namespace

absl::StatusOr<Replayed> Replay(const ReplayOptions& options) {
  auto impl = std::make_unique<Replayed::Impl>();
  wal::Options log = LogOptionsFor("", options.log);
  log.directory = wal::LogDirectory(options.directory);
  impl->log = wal::Examine(log);
  if (impl->log.refused()) return RefusalStatus(impl->log, log.directory);
  if (impl->log.verdict != wal::Verdict::kUnborn) {
    RETURN_IF_ERROR(ReplayAccepted(log, impl->log, options.at_seq, impl->books));
  }
  return Replayed(std::move(impl));
}

Replayed::Replayed(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
Replayed::Replayed(Replayed&&) noexcept = default;
Replayed& Replayed::operator=(Replayed&&) noexcept = default;
Replayed::~Replayed() = default;

uint64_t Replayed::seq() const { return impl_->books.state.seq(); }
absl::Time Replayed::time() const { return impl_->books.state.time(); }
uint32_t Replayed::epoch() const { return impl_->books.state.epoch(); }
uint64_t Replayed::digest() const { return impl_->books.state.digest(); }
const wal::RecoveryReport& Replayed::log() const { return impl_->log; }

std::vector<ExecutionSummary> Replayed::List() const {
  return engine::Summaries(impl_->books.state);
}

absl::StatusOr<ExecutionReport> Replayed::Report(std::string_view execution) const {
  const Books& books = impl_->books;
  ASSIGN_OR_RETURN(const core::Execution* found, engine::Resolve(books.state, execution));
  return engine::ReportOf(books.state, books.payloads, *found);
}

std::vector<DeadLetter> Replayed::DeadLetters() const {
  return engine::DeadLettersOf(impl_->books.state, impl_->books.payloads);
}

absl::StatusOr<Workflow> Replayed::Definition(std::string_view execution) const {
  ASSIGN_OR_RETURN(const core::Execution* found, engine::Resolve(impl_->books.state, execution));
  return found->definition->ToWorkflow();
}

std::string_view EventTypeName(uint16_t type) {
  return schema::ToString(static_cast<schema::EventType>(type));
}

std::optional<uint16_t> EventTypeFrom(std::string_view name) {
  for (const schema::EventType type : schema::AllEventTypes()) {
    if (schema::ToString(type) == name) return static_cast<uint16_t>(type);
  }
  return std::nullopt;
}

std::vector<std::string_view> EventTypeNames() {
  std::vector<std::string_view> names;
  for (const schema::EventType type : schema::AllEventTypes()) {
    names.push_back(schema::ToString(type));
  }
  return names;
}

absl::StatusOr<std::string> DescribeEvent(uint16_t type, wal::Bytes payload, size_t chars_max) {
  return schema::Describe(type, payload, {.payload_chars_max = chars_max});
}

wal::Options LogOptionsFor(std::string_view directory, wal::Options log) {
  log.directory = fmt::format("{}/wal", directory);
  log.state_digest_version = engine::kStateDigestVersion;
  log.event_level = schema::kEventLevel;
  log.event_level_max = schema::kEventLevel;
  return log;
}

}  // namespace stet
