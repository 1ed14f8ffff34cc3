// The subcommands of walinspect.  Each writes to standard output and gives the exit status.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <absl/time/time.h>

#include "stet/wal/recovery.h"

namespace stet::walinspect {

// Exit statuses; scripts rely on them.
enum class Exit : int {
  kClean = 0,        // warnings about what was healed included
  kTornTail = 1,     // a torn or stale tail, as an ordinary crash leaves it
  kDamage = 2,       // damage, digest drift, any refusal
  kUsage = 3,        // not understood, or not built
  kInputOutput = 4,  // the directory cannot be opened, listed or written
};

struct LsArguments {
  std::string directory = {};
  bool json = false;
};
Exit RunLs(const LsArguments& arguments);

struct DumpArguments {
  std::string directory = {};
  bool json = false;
  std::string from = {};       // first seq; empty: 1
  std::string to = {};         // last seq; empty: no end
  std::string execution = {};  // key, id or unique prefix; empty: all
  std::string type = {};       // name or number; empty: all
  std::string since = {};      // RFC 3339; empty: from the beginning
  std::string limit = {};      // events; empty: all
};
Exit RunDump(const DumpArguments& arguments);

struct VerifyArguments {
  std::string directory = {};
  bool json = false;
  bool deep = false;  // replay every event and compare the digests of the state
};
Exit RunVerify(const VerifyArguments& arguments);

struct StateArguments {
  std::string directory = {};
  bool json = false;
  std::string at = {};  // seq of the last event to apply; empty: all
};
Exit RunState(const StateArguments& arguments);

// What a report means for whoever called.
Exit ExitOf(const wal::RecoveryReport& report);

// The options to look at the log of `directory`, which may also be its folder `wal`.
wal::Options LogOptions(const std::string& directory);

}  // namespace stet::walinspect
