// Small operations on files, with errors that name the path.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

namespace stet::cli {

// An error of the system about `path`: "cannot open x: No such file or directory", with the code that fits `error` (an errno).
absl::Status FileError(int error, std::string_view what, std::string_view path);

// The whole content.  Errors: those of the system; ResourceExhausted beyond `bytes_max`.
absl::StatusOr<std::string> ReadFile(const std::string& path, size_t bytes_max = size_t{1} << 30);

// Replaces or creates the file.
absl::Status WriteFile(const std::string& path, std::string_view content);

// Creates the folder and its parents; existing ones are fine.  `durable`: those it creates outlive a power cut; one that is there
// is for whoever opens it.
absl::Status MakeFolders(const std::string& path, bool durable = false);

// A file descriptor that closes itself.
class OwnedFd {
 public:
  OwnedFd() = default;
  explicit OwnedFd(int fd) : fd_(fd) {}
  OwnedFd(OwnedFd&& other) noexcept : fd_(other.Release()) {}
  OwnedFd& operator=(OwnedFd&& other) noexcept;
  ~OwnedFd() { Close(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int Release();
  void Close();

 private:
  int fd_ = -1;
};

// Opens with O_CLOEXEC, at a descriptor of at least 10 so that it never collides with those a child is given.
absl::StatusOr<OwnedFd> OpenFile(const std::string& path, int flags);

// A copy of `low` at such a descriptor.  `path` is for the message of an error.
absl::StatusOr<OwnedFd> OutOfTheWay(const OwnedFd& low, const std::string& path);

}  // namespace stet::cli
