// Keeping events, and building states from them.
#include "tests/crash/disk_history.h"

#include <algorithm>
#include <random>
#include <utility>

namespace stet::wal {
namespace {

// ext4 needs its superblock, two sectors with one checksum, to be written whole or not at all: a tear
// in it is not the log's to survive.
uint64_t UnitAt(uint64_t offset) { return offset < kPageBytes ? kPageBytes : kDiskSectorBytes; }

}  // namespace

size_t DiskHistory::Arrives(Operation operation, const PromisesThen& then) {
  operations_.push_back(std::move(operation));
  events_.push_back({.operation = operations_.size() - 1, .then = then});
  return operations_.size() - 1;
}

size_t DiskHistory::WriteArrives(uint64_t offset, std::span<const std::byte> data,
                                 const PromisesThen& then) {
  return Arrives({.offset = offset, .data = {data.begin(), data.end()}}, then);
}

size_t DiskHistory::FlushArrives(const PromisesThen& then) {
  return Arrives({.flush = true, .covers = completed_.size()}, then);
}

void DiskHistory::Completes(size_t operation, const PromisesThen& then) {
  if (!operations_[operation].flush) completed_.push_back(operation);
  events_.push_back({.operation = operation, .completion = true, .then = then});
}

void DiskHistory::Fails(size_t operation, const PromisesThen& then) {
  events_.push_back({.operation = operation, .completion = true, .failure = true, .then = then});
}

DiskImage DiskHistory::StateAt(size_t event, Survival survival, uint64_t seed) const {
  std::vector<size_t> arrived;
  size_t covered = 0;
  for (size_t i = 0; i < event; ++i) {
    const Operation& operation = operations_[events_[i].operation];
    if (!events_[i].completion && !operation.flush) arrived.push_back(events_[i].operation);
    if (events_[i].completion && !events_[i].failure) covered = std::max(covered, operation.covers);
  }
  std::vector<bool> durable(operations_.size());
  for (size_t i = 0; i < covered; ++i) durable[completed_[i]] = true;

  std::mt19937_64 random(seed);
  // Different disks: from one that has written nearly nothing to one that has nearly all.
  const uint64_t odds = 1 + random() % 15;
  DiskImage image = start_;
  for (const size_t index : arrived) {
    const Operation& write = operations_[index];
    if (durable[index] || survival == Survival::kAll) {
      image.Write(write.offset, write.data);
    } else if (survival == Survival::kSome) {
      for (size_t at = 0; at < write.data.size();) {
        const uint64_t unit = UnitAt(write.offset + at);
        const size_t size = std::min<size_t>(unit, write.data.size() - at);
        if (random() % 16 < odds) {
          image.Write(write.offset + at, std::span(write.data).subspan(at, size));
        }
        at += size;
      }
    }
  }
  return image;
}

}  // namespace stet::wal
