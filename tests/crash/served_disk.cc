// One request after another.
#include "tests/crash/served_disk.h"

#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace stet::wal {
namespace {

constexpr size_t kLsnOffset = 24;  // in a batch header

}  // namespace

PromisesThen ServedDisk::Sample() const {
  if (promises_ == nullptr) return {};
  PromisesThen then;
  // Lower bounds first: what comes between only makes `appending` larger.
  then.witnessed = promises_->witnessed;
  then.durable = promises_->durable;
  then.released = promises_->released;
  then.appending = promises_->appending;
  return then;
}

bool ServedDisk::Concerns(std::span<const std::byte> data) {
  aimed_lsn_ = 0;
  if (fault_.page == 0) return true;
  for (size_t at = 0; at + kPageBytes <= data.size(); at += kPageBytes) {
    if (std::memcmp(data.data() + at, &fault_.page, sizeof(fault_.page)) != 0) continue;
    std::memcpy(&aimed_lsn_, data.data() + at + kLsnOffset, sizeof(aimed_lsn_));
    if (fault_.lsn == 0 || fault_.lsn == aimed_lsn_) return true;
  }
  return false;
}

DiskFault::Kind ServedDisk::Strike(std::span<const std::byte> data,
                                   std::initializer_list<DiskFault::Kind> kinds) {
  if (fault_.count == 0 || std::find(kinds.begin(), kinds.end(), fault_.kind) == kinds.end() ||
      !Concerns(data)) {
    return DiskFault::Kind::kNone;
  }
  if (fault_.skip != 0) {
    --fault_.skip;
    return DiskFault::Kind::kNone;
  }
  --fault_.count;
  ++counts_.faults;
  counts_.struck_lsn = aimed_lsn_;
  return fault_.kind;
}

void ServedDisk::Complete(bool failed, size_t operation) {
  if (!recording_) return;
  DiskHistory& history = histories_.back();
  if (failed) {
    history.Fails(operation, Sample());
  } else {
    history.Completes(operation, Sample());
  }
}

int ServedDisk::Read(uint64_t offset, std::span<std::byte> out) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++counts_.reads;
  image_.Read(offset, out);
  return Strike(out, {DiskFault::Kind::kReadError}) == DiskFault::Kind::kNone ? 0 : -EIO;
}

void ServedDisk::Store(DiskFault::Kind fault, uint64_t offset, std::span<const std::byte> data) {
  switch (fault) {
    case DiskFault::Kind::kNone:
      image_.Write(offset, data);
      break;
    case DiskFault::Kind::kMisdirected:
      image_.Write(offset + fault_.distance, data);
      break;
    case DiskFault::Kind::kWriteError:
    case DiskFault::Kind::kReadError:
    case DiskFault::Kind::kFlushError:
    case DiskFault::Kind::kCacheLost:
    case DiskFault::Kind::kLostWrite:
    case DiskFault::Kind::kNoSpace:
      break;
  }
}

void ServedDisk::Remember(uint64_t offset, std::span<const std::byte> data) {
  // Of the log only: a file system whose own blocks vanish is not this test's matter.
  if (data.size() < kPageBytes || std::memcmp(data.data(), &kBatchPage, sizeof(kBatchPage)) != 0) {
    return;
  }
  std::vector<std::byte> before(data.size());
  image_.Read(offset, before);
  unflushed_.push_back({.offset = offset, .before = std::move(before)});
}

void ServedDisk::LoseUnflushed() {
  for (auto write = unflushed_.rbegin(); write != unflushed_.rend(); ++write) {
    image_.Write(write->offset, write->before);
  }
  unflushed_.clear();
}

int ServedDisk::Write(uint64_t offset, std::span<const std::byte> data) {
  std::unique_lock<std::mutex> lock(mutex_);
  using Kind = DiskFault::Kind;
  const Kind fault =
      Strike(data, {Kind::kWriteError, Kind::kLostWrite, Kind::kMisdirected, Kind::kNoSpace});
  ++counts_.writes;
  counts_.in_flight_max = std::max(counts_.in_flight_max, ++in_flight_);
  size_t operation = 0;
  if (recording_) operation = histories_.back().WriteArrives(offset, data, Sample());
  const uint64_t delay_us = delay_us_max_ == 0 ? 0 : random_() % delay_us_max_;
  lock.unlock();
  if (delay_us != 0) ::usleep(static_cast<useconds_t>(delay_us));
  lock.lock();
  --in_flight_;
  Remember(offset, data);
  Store(fault, offset, data);
  const bool failed = fault == Kind::kWriteError || fault == Kind::kNoSpace;
  Complete(failed, operation);
  if (fault == Kind::kNoSpace) return -ENOSPC;
  return failed ? -EIO : 0;
}

int ServedDisk::Flush() {
  std::unique_lock<std::mutex> lock(mutex_);
  ++counts_.flushes;
  const DiskFault::Kind fault =
      Strike({}, {DiskFault::Kind::kFlushError, DiskFault::Kind::kCacheLost});
  const bool failed = fault != DiskFault::Kind::kNone;
  size_t operation = 0;
  if (recording_) operation = histories_.back().FlushArrives(Sample());
  const size_t covered = unflushed_.size();
  if (fault == DiskFault::Kind::kCacheLost) LoseUnflushed();
  const uint64_t delay_us = delay_us_max_ == 0 ? 0 : random_() % delay_us_max_;
  lock.unlock();
  if (delay_us != 0) ::usleep(static_cast<useconds_t>(delay_us));
  lock.lock();
  if (!failed) {
    const size_t kept = std::min(covered, unflushed_.size());
    unflushed_.erase(unflushed_.begin(), unflushed_.begin() + static_cast<ptrdiff_t>(kept));
  }
  Complete(failed, operation);
  return failed ? -EIO : 0;
}

DiskAnswer ServedDisk::Obey(const DiskRequest& request) {
  const std::lock_guard<std::mutex> lock(mutex_);
  DiskAnswer answer;
  switch (request.kind) {
    case DiskRequest::Kind::kBeginHistory:
      histories_.emplace_back(image_);
      recording_ = true;
      counts_ = {};
      break;
    case DiskRequest::Kind::kEndHistory:
      if (!histories_.empty()) histories_.pop_back();
      recording_ = false;
      break;
    case DiskRequest::Kind::kSetDelay:
      delay_us_max_ = request.delay_us_max;
      break;
    case DiskRequest::Kind::kSetFault:
      fault_ = request.fault;
      break;
    case DiskRequest::Kind::kCounts:
      break;
    case DiskRequest::Kind::kPromisesAt:
      if (!histories_.empty() && request.event < histories_.back().events()) {
        answer.promises = histories_.back().PromisesAt(request.event);
      }
      break;
    case DiskRequest::Kind::kGoTo:
      recording_ = false;
      if (!histories_.empty()) {
        image_ = histories_.back().StateAt(request.event, request.survival, request.seed);
      }
      break;
  }
  answer.counts = counts_;
  answer.counts.events = histories_.empty() ? 0 : histories_.back().events();
  return answer;
}

}  // namespace stet::wal
