// Serves operators while this process holds the directory.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <absl/status/statusor.h>
#include <nlohmann/json.hpp>
#include <stet/engine.h>

#include "tools/stet/errand.h"
#include "tools/stet/files.h"
#include "tools/stet/operation.h"

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
    std::string in = {};       // not yet answered
    std::string out = {};      // not yet taken
    Errand* errand = nullptr;  // of its first line; the next ones wait
  };

  ControlServer(std::string directory, Engine& engine, OwnedFd listener, OwnedFd stop,
                OwnedFd ended)
      : directory_(std::move(directory)),
        engine_(engine),
        listener_(std::move(listener)),
        stop_(std::move(stop)),
        ended_(std::move(ended)) {}

  void Serve();
  void Accept();
  // These four: false when it is over.
  bool Move(Operator& one);
  bool Read(Operator& from);
  // `known`: so much of what came holds no end of a line.
  bool AnswerLines(Operator& from, size_t known);
  static bool Write(Operator& to);
  void Begin(Operator& from, const Operation& operation);
  void TakeEnded();
  void SayWorking();
  void Finish();
  static std::string Reply(const absl::StatusOr<nlohmann::ordered_json>& answer);

  const std::string directory_;
  Engine& engine_;
  const OwnedFd listener_;
  const OwnedFd stop_;   // an eventfd
  const OwnedFd ended_;  // another: an errand has ended
  std::vector<std::unique_ptr<Operator>> operators_;
  std::vector<std::unique_ptr<Errand>> errands_;  // some of operators that went away
  std::thread thread_;
};

}  // namespace stet::cli
