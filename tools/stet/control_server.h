// Serves operators while this process holds the directory.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <absl/status/statusor.h>
#include <stet/engine.h>

#include "tools/stet/files.h"

namespace stet::cli {

// A thread that answers at DIR/control.sock.
class ControlServer {
 public:
  // `engine` must outlive it.  Errors: those of making the socket and the thread.
  static absl::StatusOr<std::unique_ptr<ControlServer>> Start(const std::string& directory,
                                                              Engine& engine);
  // What is being answered is answered before it returns.
  ~ControlServer();

 private:
  struct Operator {
    OwnedFd fd = {};
    std::string in = {};   // not yet a whole line
    std::string out = {};  // not yet taken
  };

  ControlServer(std::string directory, Engine& engine, OwnedFd listener, OwnedFd stop)
      : directory_(std::move(directory)),
        engine_(engine),
        listener_(std::move(listener)),
        stop_(std::move(stop)) {}

  void Serve();
  void Accept();
  // False when it is over.
  bool Read(Operator& from);
  static bool Write(Operator& to);
  std::string Answer(const std::string& line);

  const std::string directory_;
  Engine& engine_;
  const OwnedFd listener_;
  const OwnedFd stop_;  // an eventfd
  std::vector<std::unique_ptr<Operator>> operators_;
  std::thread thread_;
};

}  // namespace stet::cli
