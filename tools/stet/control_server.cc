// One thread, all operators.
#include "tools/stet/control_server.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include <absl/status/status.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tools/stet/control_socket.h"
#include "tools/stet/operation.h"
#include "tools/stet/report_json.h"
#include "tools/stet/status_json.h"
#include "tools/stet/status_macros.h"

namespace stet::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kOperatorsMax = 64;

absl::StatusOr<Json> Execute(Engine& engine, const std::string& line) {
  const Json request = Json::parse(line, nullptr, false);
  STET_ASSIGN_OR_RETURN(const Operation operation, OperationFrom(request));
  return Perform(engine, operation);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ControlServer>> ControlServer::Start(const std::string& directory,
                                                                    Engine& engine) {
  const OwnedFd low(eventfd(0, EFD_CLOEXEC));
  if (!low.valid()) return FileError(errno, "make an event for", directory);
  STET_ASSIGN_OR_RETURN(OwnedFd stop, OutOfTheWay(low, directory));
  STET_ASSIGN_OR_RETURN(OwnedFd listener, ListenForOperators(directory));
  std::unique_ptr<ControlServer> server(
      new ControlServer(directory, engine, std::move(listener), std::move(stop)));
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
  while (true) {
    std::vector<pollfd> polled = {{.fd = stop_.get(), .events = POLLIN, .revents = 0}};
    const bool room = operators_.size() < kOperatorsMax;
    polled.push_back({.fd = room ? listener_.get() : -1, .events = POLLIN, .revents = 0});
    for (const auto& one : operators_) {
      const int events = one->out.empty() ? POLLIN : POLLOUT;
      polled.push_back({.fd = one->fd.get(), .events = static_cast<short>(events), .revents = 0});
    }
    if (poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) return;
    if (polled[0].revents != 0) return;
    for (size_t i = 2; i < polled.size(); ++i) {
      std::unique_ptr<Operator>& one = operators_[i - 2];
      if (polled[i].revents == 0) continue;
      if (!(one->out.empty() ? Read(*one) : Write(*one))) one.reset();
    }
    std::erase(operators_, nullptr);
    if (polled[1].revents != 0) Accept();
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

bool ControlServer::Read(Operator& from) {
  char buffer[16384];
  const ssize_t n = recv(from.fd.get(), buffer, sizeof(buffer), 0);
  if (n < 0) return errno == EAGAIN || errno == EINTR;
  if (n == 0) return false;
  // A line may be long: what came before holds no end of it.
  size_t end = from.in.size();
  from.in.append(buffer, static_cast<size_t>(n));
  for (end = from.in.find('\n', end); end != std::string::npos; end = from.in.find('\n')) {
    from.out += Answer(from.in.substr(0, end));
    from.in.erase(0, end + 1);
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

std::string ControlServer::Answer(const std::string& line) {
  const absl::StatusOr<Json> answer = Execute(engine_, line);
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
