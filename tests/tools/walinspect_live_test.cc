// Looks at a log while another process writes it: no false alarm, no disturbance.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <string>

#include <doctest/doctest.h>

#include "tests/tools/walinspect_run.h"
#include "tests/wal/log_fixture.h"
#include "tests/wal/temp_directory.h"

namespace stet::wal::walinspect_live_test {
namespace {

// Appends until the pipe `stop` closes, then closes the log; 0 if nothing went wrong.  Small
// segments, so that they change often.
int AppendForever(const std::string& directory, int ready, int stop) {
  const Options options = {.directory = directory,
                           .create = true,
                           .segment_bytes = 1 << 20,
                           .first_segment_bytes = 1 << 20,
                           .batch_bytes_max = 64 << 10};
  auto writer = OpenWriter(options);
  if (!writer.ok()) return 1;
  const std::string text(3000, 't');
  for (int i = 0; i < 1'000'000; ++i) {
    if (!AppendText(writer->get(), {text, text}).ok()) return 2;
    if (!(*writer)->Poll(absl::Milliseconds(1)).ok()) return 3;
    if (i == 60 && ::write(ready, "x", 1) != 1) return 4;
    // Leaves the machine to others, and the log small: a sanitized reader must keep up.
    ::usleep(i < 400 ? 2000 : 50'000);
    char byte = 0;
    if (::read(stop, &byte, 1) == 0) break;
  }
  return (*writer)->Close().ok() ? 0 : 5;
}

}  // namespace

TEST_SUITE("walinspect, live") {
  TEST_CASE("a log that is being written is clean, and its writer does not notice") {
    const TempDirectory temp;
    std::array<int, 2> ready{};
    std::array<int, 2> stop{};
    REQUIRE_EQ(::pipe(ready.data()), 0);
    REQUIRE_EQ(::pipe2(stop.data(), O_NONBLOCK), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(stop[1]);
      ::_exit(AppendForever(temp.path(), ready[1], stop[0]));
    }
    ::close(stop[0]);
    char byte = 0;
    REQUIRE_EQ(::read(ready[0], &byte, 1), 1);
    uint64_t last_seq = 0;
    for (int i = 0; i < 12; ++i) {
      const Outcome outcome = Run("verify --json " + temp.path());
      INFO(outcome.out);
      REQUIRE_EQ(outcome.exit, 0);
      const Json report = outcome.Lines().at(0);
      CHECK_EQ(report["live_pid"], child);
      CHECK_GE(report["last_seq"].get<uint64_t>(), last_seq);
      last_seq = report["last_seq"];
      CHECK_EQ(Run("dump --json --limit 100000 " + temp.path() + " | tail -n 1 | grep -c seq").out,
               "1\n");
    }
    CHECK_GT(last_seq, 60);
    ::close(stop[1]);
    int status = 0;
    REQUIRE_EQ(::waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status));
    CHECK_EQ(WEXITSTATUS(status), 0);
    CHECK_EQ(Run("verify " + temp.path()).exit, 0);
    CHECK(Run("verify " + temp.path()).Has("closed in order"));
  }

  TEST_CASE("a second opener is refused with the pid of the first; after kill -9 it is not") {
    const TempDirectory temp;
    std::array<int, 2> ready{};
    std::array<int, 2> stop{};
    REQUIRE_EQ(::pipe(ready.data()), 0);
    REQUIRE_EQ(::pipe2(stop.data(), O_NONBLOCK), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(stop[1]);
      ::_exit(AppendForever(temp.path(), ready[1], stop[0]));
    }
    char byte = 0;
    REQUIRE_EQ(::read(ready[0], &byte, 1), 1);
    const Options options = {.directory = temp.path(), .lock_wait = absl::Milliseconds(50)};
    const absl::StatusOr<RecoveredLog> refused = Recover(options);
    CHECK_EQ(RefusalOf(refused.status()), Refusal::kLocked);
    CHECK_NE(refused.status().ToString().find(std::to_string(child)), std::string::npos);
    ::kill(child, SIGKILL);
    int status = 0;
    REQUIRE_EQ(::waitpid(child, &status, 0), child);
    const int exit = Run("verify " + temp.path()).exit;
    CHECK((exit == 0 || exit == 1));
    CHECK(Recover({.directory = temp.path()}).ok());
  }
}

}  // namespace stet::wal::walinspect_live_test
