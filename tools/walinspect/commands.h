// The subcommands of walinspect.  Each writes to standard output and gives the exit status.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <absl/status/status.h>
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
  bool follow = false;         // wait for more, never past what is durable
};
Exit RunDump(const DumpArguments& arguments);

struct VerifyArguments {
  std::string directory = {};
  bool json = false;
  bool deep = false;  // every damaged place; replay, comparing the digests of the state
};
Exit RunVerify(const VerifyArguments& arguments);

struct StateArguments {
  std::string directory = {};
  bool json = false;
  std::string at = {};  // the last event to apply, or a time (RFC 3339); empty: all
};
Exit RunState(const StateArguments& arguments);

struct ShowArguments {
  std::string directory = {};
  std::string execution = {};  // key, id or unique prefix
  bool json = false;
  std::string at = {};  // the last event to apply, or a time; empty: all
};
Exit RunShow(const ShowArguments& arguments);

struct ExplainArguments {
  std::string directory = {};
  bool json = false;
  std::string place = {};  // LSN, as LsnFrom takes it; empty if `seq` is given
  std::string seq = {};
};
Exit RunExplain(const ExplainArguments& arguments);

struct StatsArguments {
  std::string directory = {};
  bool json = false;
  std::string by = {};     // type, stream, epoch, hour, segment; empty: no groups
  std::string limit = {};  // groups shown, the largest first; empty: 20 in text, all in JSON
};
Exit RunStats(const StatsArguments& arguments);

struct MapArguments {
  std::string directory = {};
  bool json = false;
  std::string segment = {};  // only this one; empty: all
  std::string width = {};    // blocks on a line; empty: 64
};
Exit RunMap(const MapArguments& arguments);

struct FindArguments {
  std::string directory = {};
  bool json = false;
  bool raw = false;  // the payload's bytes and nothing else
  std::string seq = {};
  std::string lsn = {};
  std::string time = {};       // RFC 3339
  std::string execution = {};  // id of 16 hex digits
};
Exit RunFind(const FindArguments& arguments);

struct DiffArguments {
  std::string first = {};
  std::string second = {};  // empty: the first again, with moments
  std::string from = {};    // a moment of the first: seq or RFC 3339; empty: the end
  std::string to = {};      // of the second
  bool json = false;
};
Exit RunDiff(const DiffArguments& arguments);
Exit RunDiffOfMoments(const DiffArguments& arguments);

struct DigestArguments {
  std::string directory = {};
  bool json = false;
  bool each = false;    // a line for each event
  std::string at = {};  // the last event to apply, or a time; empty: all
};
Exit RunDigest(const DigestArguments& arguments);

struct BisectArguments {
  std::string first = {};
  std::string second = {};
  bool json = false;
};
Exit RunBisect(const BisectArguments& arguments);

struct SnapshotsArguments {
  std::string directory = {};
  bool json = false;
};
Exit RunSnapshots(const SnapshotsArguments& arguments);

struct GraphArguments {
  std::string directory = {};
  std::string execution = {};  // key, id or unique prefix
  bool json = false;
  bool mermaid = false;
  std::string at = {};  // the last event to apply, or a time; empty: all
};
Exit RunGraph(const GraphArguments& arguments);

struct TimelineArguments {
  std::string directory = {};
  std::string execution = {};  // empty: all
  std::string output = {};     // a file; "-": standard output
  bool perfetto = false;       // a trace instead of a page
  std::string at = {};
};
Exit RunTimeline(const TimelineArguments& arguments);

struct ReplayArguments {
  std::string directory = {};
  std::string definition = {};               // a workflow file; empty: only replay
  std::vector<std::string> executions = {};  // none: all of the definition's name
  std::string at = {};
  bool json = false;
};
Exit RunReplay(const ReplayArguments& arguments);

struct ExtractArguments {
  std::string directory = {};
  std::vector<std::string> executions = {};  // keys, ids or unique prefixes; none: all
  std::string to = {};                       // the last event, or a time; empty: all
  std::string output = {};                   // a new directory
  bool redact = false;
  bool json = false;
};
Exit RunExtract(const ExtractArguments& arguments);

// `salvage` is `repair` with all actions.
struct RepairArguments {
  std::string directory = {};
  std::string target = {};  // a new directory
  bool json = false;
  bool salvage = false;
  bool fix_bit = false;
  bool header = false;
  bool log_id = false;
  bool accept_loss = false;
  bool yes = false;  // write; else a dry run
};
Exit RunRepair(const RepairArguments& arguments);

struct DoctorArguments {
  std::string directory = {};
  bool json = false;
};
Exit RunDoctor(const DoctorArguments& arguments);

// What a report means for whoever called.
Exit ExitOf(const wal::RecoveryReport& report);

// Of an answer that there is no answer: what the caller named is not in the log (usage), unless damage
// may be why; or the directory cannot be read at all.
Exit ExitWithout(const wal::Options& options);

// The same of a replay that ended with `status`, which is said.
Exit ExitWithout(const std::string& directory, const absl::Status& status, bool json);

// The options to look at the log of `directory`, which may also be its folder `wal`.
wal::Options LogOptions(const std::string& directory);

}  // namespace stet::walinspect
