// What a run of walbench measured, and what it makes of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stet/wal/disk.h"
#include "stet/wal/options.h"
#include "tools/walbench/device.h"
#include "tools/walbench/histogram.h"
#include "tools/walbench/punts.h"
#include "tools/walbench/raw_load.h"

namespace stet::walbench {

// What the kernel counted while something ran; none where it counts nothing.
struct Counted {
  std::optional<DeviceCounters> device = {};
  std::optional<Punts> punts = {};
};

// One way to write blocks of one size with a number of them in flight.
struct Cell {
  Interface interface = Interface::kUring;
  Method method = Method::kWrite;
  uint32_t block_bytes = 4096;
  uint32_t in_flight = 1;
  LoadResult result = {};
  Counted counted = {};
};

// A log in one mode, with a number of threads that append one record and wait for its release.
struct ModeCell {
  wal::Durability mode = wal::Durability::kCommit;
  uint32_t payload_bytes = 100;
  uint32_t producers = 1;
  std::string unavailable = {};  // why it could not be measured; empty if it was
  LoadResult result = {};
  uint64_t batches = 0;
  wal::Operation operation = wal::Operation::kAuto;  // that the log used
  Counted counted = {};
};

struct Recommendation {
  std::optional<Interface> interface = {};
  std::optional<Method> method = {};
  wal::Durability mode = wal::Durability::kCommit;
  std::string because_operation = {};
  std::string because_mode = {};
};

struct Report {
  std::string directory = {};
  wal::FileSystemFacts facts = {};
  std::string device = {};       // "vda"; empty for none
  std::string write_cache = {};  // as the kernel names it: "write back"
  uint32_t cpus = 0;
  double load_average = 0;              // of the minute before
  double seconds = 0;                   // that the whole took
  std::vector<std::string> notes = {};  // what was left out, and why
  std::vector<uint32_t> block_bytes = {};
  std::vector<uint32_t> in_flight = {};
  std::vector<uint32_t> payload_bytes = {};
  std::vector<uint32_t> producers = {};
  std::optional<double> sequential_megabytes = {};  // per second: 1 MiB direct writes, 4 in flight
  std::optional<LoadResult> flush = {};             // with nothing to flush
  std::vector<Cell> cells = {};
  std::vector<ModeCell> modes = {};
  std::string automatic_backend = {};  // what a log takes by itself
  wal::Operation automatic_operation = wal::Operation::kAuto;
  std::string automatic_note = {};
  wal::QueueStats automatic_queue = {};  // of the last log that was measured
  Recommendation recommendation = {};

  const Cell* Find(Interface interface, Method method, uint32_t block, uint32_t depth) const;
  // Null also for a mode that could not be measured.
  const ModeCell* Find(wal::Durability mode, uint32_t payload, uint32_t threads) const;
};

constexpr wal::Durability kModes[] = {wal::Durability::kMemory, wal::Durability::kOs,
                                      wal::Durability::kInterval, wal::Durability::kCommit,
                                      wal::Durability::kWitness};

// Fills in `recommendation`.
void Recommend(Report* report);

// "io_uring durable_write".
std::string NameOf(Interface interface, Method method);

// "ext4 on vda, write back cache, no FUA, Linux 6.18, 2 CPUs", as far as known.
std::string DiskText(const Report& report);

// "135/240/900": p50, p99 and p99.9 in us.
std::string Percentiles(const Histogram& latency);

// "7.1k", "435k", "2.3M".
std::string Compact(double number);

// "100 B", "4 KiB".
std::string BlockText(uint32_t bytes);

void PrintText(const Report& report);
void PrintJson(const Report& report);

}  // namespace stet::walbench
