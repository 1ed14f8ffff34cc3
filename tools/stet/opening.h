// Opening the engine of a directory for `stet run`, once no command of an earlier stet is left in it.
#pragma once

#include <memory>
#include <optional>

#include <absl/status/statusor.h>
#include <stet/engine.h>

#include "tools/stet/control_server.h"
#include "tools/stet/files.h"
#include "tools/stet/plan.h"
#include "tools/stet/progress.h"
#include "tools/stet/settings.h"
#include "tools/stet/trouble.h"

namespace stet::cli {

// What every engine of stet has in common, whether it runs tasks or only writes down what an operator asks for.  None of them gives up a
// part of the past: `walinspect` shows every moment of it.
EngineOptions EngineOptionsOf(const Settings& settings);

struct OpenedEngine {
  OwnedFd claim = {};  // of the directory; outlives the engine
  std::unique_ptr<Engine> engine = nullptr;
  std::unique_ptr<ControlServer> control = nullptr;  // goes before the engine
};

// `progress` must outlive the engine.  What keeps commands from being run ends up in `trouble`.  Errors: those of Engine::Open; Cancelled when a signal came while waiting.
absl::StatusOr<OpenedEngine> OpenEngine(const RunPlan& plan,
                                        const std::shared_ptr<Trouble>& trouble,
                                        Progress* progress);

}  // namespace stet::cli
