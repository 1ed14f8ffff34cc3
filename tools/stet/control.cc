// Through the socket, or by hand.
#include "tools/stet/control.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include <absl/status/status.h>
#include <absl/time/clock.h>
#include <absl/time/time.h>
#include <fmt/format.h>
#include <stet/engine.h>
#include <stet/inspect.h>
#include <stet/reason.h>

#include "tools/stet/control_socket.h"
#include "tools/stet/failure.h"
#include "tools/stet/files.h"
#include "tools/stet/group_locks.h"
#include "tools/stet/opening.h"
#include "tools/stet/quote.h"
#include "tools/stet/report_json.h"
#include "tools/stet/status_json.h"
#include "tools/stet/status_macros.h"
#include "tools/stet/why_json.h"

namespace stet::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr absl::Duration kPatience = absl::Seconds(2);
constexpr absl::Duration kPause = absl::Milliseconds(20);

absl::Status SilentHolder(const std::string& directory) {
  return WithExit(absl::FailedPreconditionError(
                      fmt::format("the process that holds {} has not answered in {}",
                                  OneLine(directory), absl::FormatDuration(kPatience))),
                  ExitStatus::kLocked, kWhenLocked);
}

// What it says in the end, or nothing when the other side went away before.  Our patience is for silence:
// who says that it is at work may take its time.
absl::StatusOr<std::optional<Json>> ReadReply(const OwnedFd& fd, const std::string& directory) {
  std::string text;
  char buffer[4096];
  for (;;) {
    for (size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
      Json reply = Json::parse(text.substr(0, end), nullptr, false);
      if (!reply.is_object() || !reply.contains("working")) return reply;
      text.erase(0, end + 1);
    }
    const ssize_t n = recv(fd.get(), buffer, sizeof(buffer), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return SilentHolder(directory);
    if (n <= 0) return std::nullopt;
    text.append(buffer, static_cast<size_t>(n));
  }
}

// Nothing when nobody is there to answer.
absl::StatusOr<std::optional<Json>> AskHolder(const std::string& directory,
                                              const Operation& operation) {
  STET_ASSIGN_OR_RETURN(const OwnedFd fd, ConnectToHolder(directory));
  if (!fd.valid()) return std::nullopt;
  const timeval patience = absl::ToTimeval(kPatience);
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  const std::string line = Dump(OperationJson(operation)) + "\n";
  if (line.size() > kControlLineMax) return absl::InvalidArgumentError("the names are too long");
  if (send(fd.get(), line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size())) {
    return std::nullopt;
  }
  STET_ASSIGN_OR_RETURN(const std::optional<Json> reply, ReadReply(fd, directory));
  if (!reply.has_value()) return std::nullopt;
  if (!reply->is_object() || !reply->contains("answer")) {
    return StatusFrom(reply->is_object() && reply->contains("error") ? reply->at("error") : Json());
  }
  Json answer = reply->at("answer");
  answer["served_by"] = reply->value("pid", 0);
  return answer;
}

// An explanation needs no lock: what only the process knows is missing from it.
absl::StatusOr<Json> ExplainHere(const std::string& directory, const Operation& operation) {
  STET_ASSIGN_OR_RETURN(const Replayed state, Replay({.directory = directory}));
  STET_ASSIGN_OR_RETURN(const WhyReport why, state.Why(operation.execution));
  Json answer = WhyJson(why);
  if (const std::optional<int> pid = wal::Examine(LogOptionsFor(directory)).live_pid) {
    answer["summary"] = fmt::format("{}; process {} has the directory and was not asked",
                                    answer["summary"].get<std::string>(), *pid);
  }
  answer["served_by"] = nullptr;
  return answer;
}

// Nothing when another process holds the directory.
absl::StatusOr<std::optional<Json>> DoHere(const Settings& settings, const Operation& operation) {
  STET_ASSIGN_OR_RETURN(const OwnedFd claim, TryClaimDirectory(settings.directory));
  if (!claim.valid()) return std::nullopt;
  EngineOptions options = EngineOptionsOf(settings);
  options.create = operation.action == Action::kScheduleCreate;
  options.execute = false;
  absl::StatusOr<std::unique_ptr<Engine>> engine = Engine::Open(std::move(options));
  if (ReasonOf(engine.status()) == Reason::kLocked) return std::nullopt;
  STET_RETURN_IF_ERROR(engine.status());
  absl::StatusOr<Json> answer = Perform(**engine, operation);
  const absl::Status closed = (*engine)->Close();
  STET_RETURN_IF_ERROR(answer.status());
  STET_RETURN_IF_ERROR(closed);
  (*answer)["served_by"] = nullptr;
  return *std::move(answer);
}

}  // namespace

absl::StatusOr<Json> CarryOut(const Settings& settings, const Operation& operation) {
  // A schedule may be the first thing that a directory holds.
  if (operation.action == Action::kScheduleCreate) {
    STET_RETURN_IF_ERROR(MakeFolders(settings.directory, true));
  } else {
    STET_RETURN_IF_ERROR(CheckDirectory(settings.directory));
  }
  const absl::Time end = absl::Now() + kPatience;
  do {
    STET_ASSIGN_OR_RETURN(std::optional<Json> answer, AskHolder(settings.directory, operation));
    if (answer.has_value()) return *std::move(answer);
    if (operation.action == Action::kWhy) return ExplainHere(settings.directory, operation);
    STET_ASSIGN_OR_RETURN(answer, DoHere(settings, operation));
    if (answer.has_value()) return *std::move(answer);
    // It begins or ends just now, or will never answer.
    absl::SleepFor(kPause);
  } while (absl::Now() < end);
  return SilentHolder(settings.directory);
}

absl::Status CheckDirectory(const std::string& directory) {
  const std::string log = directory + "/wal";
  if (access(log.c_str(), F_OK) == 0) return absl::OkStatus();
  if (errno != ENOENT && errno != ENOTDIR) {
    return WithExit(FileError(errno, "read", log), ExitStatus::kInputOutput, "");
  }
  return absl::NotFoundError(
      fmt::format("{} is no directory of stet; say which with --dir", OneLine(directory)));
}

}  // namespace stet::cli
