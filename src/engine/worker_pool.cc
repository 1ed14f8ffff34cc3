// Threads that wait for attempts.
#include "engine/worker_pool.h"

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include <absl/base/thread_annotations.h>
#include <fmt/format.h>

#include "base/mutex.h"

namespace stet::engine {
namespace {

// So long a result may wait for others that end meanwhile before the loop hears of it.
constexpr std::chrono::nanoseconds kTellWithin = std::chrono::microseconds(200);

}  // namespace

struct WorkerPool::Pool {
  std::shared_ptr<Inbox> inbox;
  std::shared_ptr<const Activities> activities;  // what Attempt::activity points into

  Mutex mutex;
  std::function<void(std::string_view)> note ABSL_GUARDED_BY(mutex);
  std::atomic<uint32_t> threads_max = 1;  // changed under the lock
  std::shared_ptr<const void> kept ABSL_GUARDED_BY(mutex);
  Condition work;   // there is work, or no more will come
  Condition ended;  // a thread has ended
  std::deque<std::unique_ptr<Attempt>> queue ABSL_GUARDED_BY(mutex);
  uint32_t threads ABSL_GUARDED_BY(mutex) = 0;
  uint32_t idle ABSL_GUARDED_BY(mutex) = 0;
  bool coming ABSL_GUARDED_BY(mutex) = false;  // a thread is on its way to the queue
  bool stopping ABSL_GUARDED_BY(mutex) = false;

  // Calls one thread to the queue, if there is need and none is on its way: when it arrives and
  // leaves something behind, it calls the next.  True if the caller must start it.
  bool CallThread() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (queue.empty() || coming || stopping) return false;
    if (idle == 0 && threads == threads_max) return false;
    coming = true;
    if (idle > 0) {
      work.NotifyOne();
      return false;
    }
    ++threads;
    return true;
  }

  std::unique_ptr<Attempt> Take(bool* start_thread);
  static void Start(const std::shared_ptr<Pool>& pool);
  void GoOnWithFewer(const std::system_error& error) ABSL_LOCKS_EXCLUDED(mutex);
  static void Run(const std::shared_ptr<Pool>& pool);
};

absl::Status NoThread(std::string_view whose, const std::system_error& error) {
  return absl::ResourceExhaustedError(fmt::format(
      "no thread for {}: {}; raise the limit on processes (ulimit -u) or on memory (ulimit -v), or "
      "end something else",
      whose, error.code().message()));
}

// Waits for the next attempt; null when the thread must end.
std::unique_ptr<Attempt> WorkerPool::Pool::Take(bool* start_thread) {
  mutex.Lock();
  if (queue.empty() && !stopping) {
    mutex.Unlock();
    inbox->Notify();
    mutex.Lock();
  }
  while (queue.empty() && !stopping) {
    ++idle;
    work.Wait(mutex);
    --idle;
    coming = false;
  }
  if (stopping) {
    mutex.Unlock();
    return nullptr;
  }
  std::unique_ptr<Attempt> attempt = std::move(queue.front());
  queue.pop_front();
  const bool emptied = queue.empty();
  *start_thread = CallThread();
  mutex.Unlock();
  // This attempt may last: what ended before it is reported now.  While the queue holds more,
  // whoever takes the last of it does so.
  if (emptied) inbox->Notify();
  return attempt;
}

void WorkerPool::Pool::Run(const std::shared_ptr<Pool>& pool) {
  pthread_setname_np(pthread_self(), "stet-worker");  // For top and perf.
  {
    MutexLock lock(pool->mutex);
    pool->coming = false;
  }
  bool start_thread = false;
  auto told = std::chrono::steady_clock::now();
  while (std::unique_ptr<Attempt> attempt = pool->Take(&start_thread)) {
    if (start_thread) Start(pool);
    attempt->result = RunActivity(*attempt);
    pool->inbox->Push(std::move(attempt));
    // Of a long queue it would hear only when the last of it is taken.
    const auto now = std::chrono::steady_clock::now();
    if (now - told < kTellWithin) continue;
    pool->inbox->Notify();
    told = now;
  }
  pool->inbox->Notify();
  MutexLock lock(pool->mutex);
  --pool->threads;
  pool->ended.NotifyAll();
}

void WorkerPool::Pool::Start(const std::shared_ptr<Pool>& pool) {
  try {
    std::thread([pool] { Run(pool); }).detach();
  } catch (const std::system_error& error) {
    pool->GoOnWithFewer(error);
  }
}

// No more threads to be had: those that exist take the work, later.
void WorkerPool::Pool::GoOnWithFewer(const std::system_error& error) {
  std::function<void(std::string_view)> tell;
  std::string text;
  {
    MutexLock lock(mutex);
    --threads;
    coming = false;
    text = fmt::format(
        "no thread for activity {} of {} at once ({}): going on with {} until the engine is opened "
        "again",
        threads + 1, threads_max.load(), error.code().message(), threads);
    threads_max = threads;
    tell = note;
  }
  if (tell) tell(text);
}

WorkerPool::WorkerPool(uint32_t threads_max, std::shared_ptr<Inbox> inbox,
                       std::shared_ptr<const Activities> activities)
    : pool_(std::make_shared<Pool>()) {
  pool_->inbox = std::move(inbox);
  pool_->activities = std::move(activities);
  MutexLock lock(pool_->mutex);
  pool_->threads_max = threads_max;
}

absl::Status WorkerPool::Start(std::function<void(std::string_view)> note) {
  {
    MutexLock lock(pool_->mutex);
    pool_->note = std::move(note);
    pool_->threads = 1;
    pool_->coming = true;
  }
  try {
    std::thread([pool = pool_] { Pool::Run(pool); }).detach();
    return absl::OkStatus();
  } catch (const std::system_error& error) {
    MutexLock lock(pool_->mutex);
    pool_->threads = 0;
    return NoThread("a worker", error);
  }
}

uint32_t WorkerPool::threads_max() const {
  return pool_->threads_max.load(std::memory_order_relaxed);
}

WorkerPool::~WorkerPool() { Shutdown(absl::ZeroDuration()); }

void WorkerPool::Dispatch(std::vector<std::unique_ptr<Attempt>>& attempts) {
  bool start_thread = false;
  {
    MutexLock lock(pool_->mutex);
    for (std::unique_ptr<Attempt>& attempt : attempts) pool_->queue.push_back(std::move(attempt));
    start_thread = pool_->CallThread();
  }
  attempts.clear();
  if (start_thread) Pool::Start(pool_);
}

std::vector<std::unique_ptr<Attempt>> WorkerPool::Withdraw() {
  std::vector<std::unique_ptr<Attempt>> withdrawn;
  MutexLock lock(pool_->mutex);
  for (std::unique_ptr<Attempt>& attempt : pool_->queue) withdrawn.push_back(std::move(attempt));
  pool_->queue.clear();
  return withdrawn;
}

uint32_t WorkerPool::Shutdown(absl::Duration grace) {
  const auto end = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(grace);
  MutexLock lock(pool_->mutex);
  pool_->stopping = true;
  pool_->work.NotifyAll();
  while (pool_->threads > 0) {
    const auto left = end - std::chrono::steady_clock::now();
    if (left <= std::chrono::nanoseconds(0)) break;
    pool_->ended.WaitFor(pool_->mutex, left);
  }
  return pool_->threads;
}

void WorkerPool::KeepAlive(std::shared_ptr<const void> what) {
  MutexLock lock(pool_->mutex);
  pool_->kept = std::move(what);
}

}  // namespace stet::engine
