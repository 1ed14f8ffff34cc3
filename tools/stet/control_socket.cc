// Sockets with a name in a directory, however long the way there is.
#include "tools/stet/control_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "tools/stet/status_macros.h"

namespace stet::cli {
namespace {

constexpr char kName[] = "control.sock";
constexpr int kBacklog = 64;

std::string PathOf(const std::string& directory) { return fmt::format("{}/{}", directory, kName); }

// A socket's address holds 107 bytes: the way leads through the open directory instead.
sockaddr_un AddressOf(const OwnedFd& directory) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = fmt::format("/proc/self/fd/{}/{}", directory.get(), kName);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

absl::StatusOr<OwnedFd> NewSocket(const std::string& path) {
  const OwnedFd low(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!low.valid()) return FileError(errno, "make a socket for", path);
  return OutOfTheWay(low, path);
}

}  // namespace

absl::StatusOr<OwnedFd> ListenForOperators(const std::string& directory) {
  const std::string path = PathOf(directory);
  STET_ASSIGN_OR_RETURN(const OwnedFd folder, OpenFile(directory, O_PATH | O_DIRECTORY));
  STET_ASSIGN_OR_RETURN(OwnedFd fd, NewSocket(path));
  RemoveControlSocket(directory);
  const sockaddr_un address = AddressOf(folder);
  // The mode of the socket before bind is that of its name.
  if (fchmod(fd.get(), 0600) != 0 ||
      bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(fd.get(), kBacklog) != 0) {
    return FileError(errno, "listen at", path);
  }
  return fd;
}

void RemoveControlSocket(const std::string& directory) { unlink(PathOf(directory).c_str()); }

absl::StatusOr<OwnedFd> ConnectToHolder(const std::string& directory) {
  const std::string path = PathOf(directory);
  STET_ASSIGN_OR_RETURN(const OwnedFd folder, OpenFile(directory, O_PATH | O_DIRECTORY));
  STET_ASSIGN_OR_RETURN(OwnedFd fd, NewSocket(path));
  const sockaddr_un address = AddressOf(folder);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    return fd;
  }
  if (errno == ENOENT || errno == ECONNREFUSED) return OwnedFd();
  return FileError(errno, "connect to", path);
}

}  // namespace stet::cli
