// One thread, all operators.
#include "tools/stet/control_server.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

#include <absl/status/status.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tools/stet/control_socket.h"
#include "tools/stet/report_json.h"
#include "tools/stet/status_json.h"
#include "tools/stet/status_macros.h"

namespace stet::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kOperatorsMax = 64;
using Monotonic = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kSign(500);  // between signs of being at work

absl::StatusOr<OwnedFd> NewEvent(const std::string& directory) {
  const OwnedFd low(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!low.valid()) return FileError(errno, "make an event for", directory);
  return OutOfTheWay(low, directory);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ControlServer>> ControlServer::Start(const std::string& directory,
                                                                    Engine& engine) {
  STET_ASSIGN_OR_RETURN(OwnedFd stop, NewEvent(directory));
  STET_ASSIGN_OR_RETURN(OwnedFd ended, NewEvent(directory));
  STET_ASSIGN_OR_RETURN(OwnedFd listener, ListenForOperators(directory));
  std::unique_ptr<ControlServer> server(
      new ControlServer(directory, engine, std::move(listener), std::move(stop), std::move(ended)));
  try {
    server->thread_ = std::thread([raw = server.get()] { raw->Serve(); });
  } catch (const std::system_error& error) {
    return absl::ResourceExhaustedError(
        fmt::format("no thread for the control socket: {}", error.what()));
  }
  return server;
}

ControlServer::~ControlServer() {
  // Before the last answer: who comes now finds nobody, and tries the directory itself.
  RemoveControlSocket(directory_);
  if (!thread_.joinable()) return;
  eventfd_write(stop_.get(), 1);
  thread_.join();
}

void ControlServer::Serve() {
  Monotonic::time_point said = Monotonic::now();
  while (true) {
    std::vector<pollfd> polled = {{.fd = stop_.get(), .events = POLLIN, .revents = 0},
                                  {.fd = ended_.get(), .events = POLLIN, .revents = 0}};
    const bool room = operators_.size() < kOperatorsMax;
    polled.push_back({.fd = room ? listener_.get() : -1, .events = POLLIN, .revents = 0});
    bool waits = false;
    for (const auto& one : operators_) {
      // Of one that waits for an errand only its end is looked for.
      const int events = !one->out.empty() ? POLLOUT : one->errand == nullptr ? POLLIN : 0;
      polled.push_back({.fd = one->fd.get(), .events = static_cast<short>(events), .revents = 0});
      waits = waits || one->errand != nullptr;
    }
    if (!waits) said = Monotonic::now();
    const int patience = waits ? static_cast<int>(kSign.count()) : -1;
    if (poll(polled.data(), polled.size(), patience) < 0 && errno != EINTR) return;
    if (polled[0].revents != 0) return Finish();
    for (size_t i = 3; i < polled.size(); ++i) {
      std::unique_ptr<Operator>& one = operators_[i - 3];
      if (polled[i].revents != 0 && !Move(*one)) one.reset();
    }
    std::erase(operators_, nullptr);
    // Others may keep this thread busy: it is time that counts, not that nothing came.
    if (Monotonic::now() - said >= kSign) {
      SayWorking();
      said = Monotonic::now();
    }
    TakeEnded();
    if (polled[2].revents != 0) Accept();
  }
}

void ControlServer::Accept() {
  const OwnedFd low(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!low.valid()) return;  // It went away again.
  absl::StatusOr<OwnedFd> fd = OutOfTheWay(low, directory_);
  if (!fd.ok()) return;
  auto one = std::make_unique<Operator>();
  one->fd = *std::move(fd);
  operators_.push_back(std::move(one));
}

bool ControlServer::Move(Operator& one) {
  if (!one.out.empty()) return Write(one);
  return one.errand == nullptr && Read(one);
}

bool ControlServer::Read(Operator& from) {
  char buffer[16384];
  const ssize_t n = recv(from.fd.get(), buffer, sizeof(buffer), 0);
  if (n < 0) return errno == EAGAIN || errno == EINTR;
  if (n == 0) return false;
  // A line may be long: what came before holds no end of it.
  const size_t known = from.in.size();
  from.in.append(buffer, static_cast<size_t>(n));
  return AnswerLines(from, known);
}

bool ControlServer::AnswerLines(Operator& from, size_t known) {
  for (size_t end = from.in.find('\n', known); end != std::string::npos && from.errand == nullptr;
       end = from.in.find('\n')) {
    const Json request = Json::parse(from.in.substr(0, end), nullptr, false);
    from.in.erase(0, end + 1);
    const absl::StatusOr<Operation> operation = OperationFrom(request);
    if (!operation.ok()) {
      from.out += Reply(operation.status());
    } else if (IsLong(*operation)) {
      Begin(from, *operation);
    } else {
      from.out += Reply(Perform(engine_, *operation));
    }
  }
  if (from.in.size() > kControlLineMax) return false;
  return from.out.empty() || Write(from);
}

bool ControlServer::Write(Operator& to) {
  const ssize_t n = send(to.fd.get(), to.out.data(), to.out.size(), MSG_NOSIGNAL);
  if (n < 0) return errno == EAGAIN || errno == EINTR;
  to.out.erase(0, static_cast<size_t>(n));
  return true;
}

void ControlServer::Begin(Operator& from, const Operation& operation) {
  auto errand = Errand::Start([this, operation] { return Reply(Perform(engine_, operation)); },
                              [this] { eventfd_write(ended_.get(), 1); });
  if (!errand.ok()) {
    from.out += Reply(errand.status());
    return;
  }
  from.errand = errand->get();
  errands_.push_back(*std::move(errand));
}

// Answers who waits for what has ended, and goes on with its next lines.
void ControlServer::TakeEnded() {
  eventfd_t count = 0;
  eventfd_read(ended_.get(), &count);
  for (std::unique_ptr<Operator>& one : operators_) {
    if (one->errand == nullptr || !one->errand->ended()) continue;
    one->out += one->errand->Take();
    one->errand = nullptr;
    if (!AnswerLines(*one, 0)) one.reset();
  }
  std::erase(operators_, nullptr);
  std::erase_if(errands_, [this](const std::unique_ptr<Errand>& errand) {
    const auto waits = [&](const auto& one) { return one->errand == errand.get(); };
    return errand->ended() && std::none_of(operators_.begin(), operators_.end(), waits);
  });
}

void ControlServer::SayWorking() {
  for (std::unique_ptr<Operator>& one : operators_) {
    if (one->errand == nullptr || !one->out.empty()) continue;
    one->out = Dump({{"working", true}, {"pid", getpid()}}) + "\n";
    if (!Write(*one)) one.reset();
  }
  std::erase(operators_, nullptr);
}

// What is being done is done, and answered.
void ControlServer::Finish() {
  for (const std::unique_ptr<Operator>& one : operators_) {
    if (one->errand == nullptr) continue;
    one->out += one->errand->Take();
    (void)Write(*one);
  }
  errands_.clear();
}

std::string ControlServer::Reply(const absl::StatusOr<Json>& answer) {
  Json reply = Json::object();
  if (answer.ok()) {
    reply["answer"] = *answer;
  } else {
    reply["error"] = StatusJson(answer.status());
  }
  reply["pid"] = getpid();
  return Dump(reply) + "\n";
}

}  // namespace stet::cli
