// What a directory's disk is, and what durable writes cost on it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stet/wal/options.h"

#pragma GCC visibility push(default)

namespace stet::wal {

// What is known of the file system and the device under a directory, as far as the kernel tells:
// Storage::Describe.  Strings are empty and numbers 0 where it does not.
struct FileSystemFacts {
  std::string directory = {};
  std::string type = {};         // "ext4", "xfs", "tmpfs", …; "0x…" for one without a name here
  std::string mount_point = {};  // of the file system
  std::string mount_options = {};  // as /proc/self/mountinfo gives them
  std::string device = {};         // of blocks, as /sys/block names it: "vda"; empty for none
  std::string kernel = {};         // its release
  uint32_t block_bytes = 0;        // of the file system
  uint32_t logical_block_bytes = 0;
  uint32_t physical_block_bytes = 0;
  bool direct_io = false;       // O_DIRECT is accepted
  bool in_memory = false;       // nothing survives a power cut: tmpfs, ramfs
  bool network = false;         // NFS, CIFS, …
  bool stacked = false;         // overlay, FUSE: what a flush means is decided below
  bool copy_on_write = false;   // an overwrite allocates: room that was reserved promises nothing
  bool volatile_cache = false;  // the device says that it has to be flushed
  bool fua = false;  // the device writes through its cache when asked: no flush is needed
  std::vector<std::string> warnings = {};  // one sentence each, for people

  // A few lines for people.
  std::string ToString() const;
};

// How the queue to the disk works (Storage::NewQueue), and what it did so far.
struct QueueStats {
  std::string setup = {};           // "SINGLE_ISSUER|DEFER_TASKRUN|…"; "4 threads"
  std::string refused = {};         // what was tried before and refused, and why; empty if nothing
  bool registered_files = false;    // the kernel looks up no descriptor for a write
  uint32_t registered_buffers = 0;  // memory that is pinned once, and not for each write
  uint64_t writes = 0;
  uint64_t registered_writes = 0;  // of them from registered buffers
  uint64_t flushes = 0;            // asked for as operations, or made for a durable write
  uint64_t system_calls = 0;       // made for operations and for waiting

  // How it works, on one line for people: "SINGLE_ISSUER|DEFER_TASKRUN, registered files".
  std::string ToString() const;
};

// What one way of making writes durable cost, measured.
struct OperationCost {
  Operation operation = Operation::kAuto;
  uint32_t in_flight = 1;  // writes of 4 KiB that were in flight together
  double p50_us = 0;       // of a write, until it was durable
  double p99_us = 0;
  double per_second = 0;  // durable writes
};

// Which operation Operation::kAuto stands for on one disk, and why.
struct ProbeResult {
  Operation operation = Operation::kDurableWrite;
  // The fewest batches in flight with which small synchronous commits gained; 1: more never paid.
  uint32_t in_flight = 1;
  std::vector<OperationCost> costs = {};
  bool cached = false;    // measured by an earlier process
  std::string note = {};  // why nothing was measured; empty if it was

  // One line for people.
  std::string ToString() const;
};

}  // namespace stet::wal

#pragma GCC visibility pop
