// Payloads that a codec of the host's encodes: what is stored, what is given.
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "stet/engine.h"
#include "stet/reason.h"
#include "tests/engine/fixture.h"

namespace stet::codec_test {
namespace {

using testing::Eventually;
using testing::MustOpen;
using testing::MustStart;
using testing::MustWait;
using testing::TempDirectory;

// Never the same twice, as ciphers should be.
class Scrambler : public PayloadCodec {
 public:
  explicit Scrambler(std::string name = "scramble-1") : name_(std::move(name)) {}
  std::string_view name() const override { return name_; }
  absl::StatusOr<std::string> Encode(std::string_view bytes) override {
    if (bytes.find("unspeakable") != bytes.npos) throw std::runtime_error("cannot say that");
    const auto nonce = static_cast<char>(++nonce_);
    return nonce + Mixed(bytes, nonce);
  }
  absl::StatusOr<std::string> Decode(std::string_view bytes) override {
    if (broken) return absl::DataLossError("the key is gone");
    return Mixed(bytes.substr(1), bytes[0]);
  }
  std::atomic<bool> broken = false;

 private:
  static std::string Mixed(std::string_view bytes, char with) {
    std::string mixed(bytes);
    for (char& c : mixed) c = static_cast<char>(c ^ with ^ 0x5a);
    return mixed;
  }
  const std::string name_;
  std::atomic<int> nonce_ = 0;
};

// Whether a file of the directory holds the text.
bool Holds(const std::string& directory, std::string_view text) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    if (bytes.find(text) != bytes.npos) return true;
  }
  return false;
}

// "ask", and "tell" which gets what "ask" said.
EngineOptions Options(const std::string& directory, std::shared_ptr<PayloadCodec> codec) {
  const auto ask = [](ActivityContext& context) -> absl::StatusOr<Payload> {
    const auto step = context.Step("s", [](const std::string&) { return Payload("secret step"); });
    if (!step.ok()) return step;
    // The first attempt that is not cut short.
    if (!context.checkpoint()) {
      if (const absl::Status kept = context.Checkpoint("secret half"); !kept.ok()) return kept;
      return absl::UnavailableError("not yet");
    }
    if (context.checkpoint()->bytes != "secret half") {
      return absl::InternalError("another checkpoint");
    }
    return Payload(fmt::format(R"({{"is": "{}, {}"}})", step->bytes, "secret"));
  };
  const auto tell = [](ActivityContext& context) -> absl::StatusOr<Payload> {
    Payload told(context.input().bytes + " | " + context.output("ask")->bytes);
    told.content_type = "text/plain";
    return told;
  };
  return {.directory = directory,
          .workflows = {{.name = "main",
                         .tasks = {{.name = "ask",
                                    .activity = "ask",
                                    .retry = {.max_attempts = 2,
                                              .backoff = Backoff::Fixed(absl::Milliseconds(1))}},
                                   {.name = "tell", .activity = "tell", .after = {"ask"}}}}},
          .activities = {{"ask", ask}, {"tell", tell}},
          .codec = std::move(codec)};
}

constexpr std::string_view kInput = R"({"n":"secret input"})";
constexpr std::string_view kTold = R"({"n":"secret input"} | {"is": "secret step, secret"})";

TEST_SUITE_BEGIN("engine");

TEST_CASE("activities and reports get what was given; what is stored is what the codec made") {
  const TempDirectory directory;
  const auto codec = std::make_shared<Scrambler>();
  for (const bool again : {false, true}) {
    const auto engine = MustOpen(Options(directory.engine(), codec));
    MustStart(*engine, "k", std::string(kInput));
    ExecutionReport report = MustWait(*engine, "k");
    CHECK_EQ(report.input.bytes, kInput);
    CHECK_EQ(report.output("tell"), kTold);
    CHECK_EQ(report.task("tell")->output->content_type, "text/plain");
    CHECK_EQ(engine->Report("k")->output("tell"), kTold);
    // The same request, whatever the codec makes of it.
    CHECK_EQ(MustStart(*engine, "k", std::string(kInput)).existed, true);
    CHECK_EQ(ReasonOf(engine->Start({.workflow = "main", .key = "k", .input = "other"}).status()),
             Reason::kInputDiffers);
    if (!again) CHECK(engine->Snapshot().ok());
    CHECK(engine->Close().ok());
  }
  CHECK_FALSE(Holds(directory.engine(), "secret"));
  CHECK(Holds(directory.engine(), "encoded/scramble-1;text/plain"));
}

TEST_CASE("loops, maps, states and signals are encoded too, and composed of what was given") {
  const TempDirectory directory;
  const auto codec = std::make_shared<Scrambler>();
  const auto say = [](ActivityContext& context) -> absl::StatusOr<Payload> {
    if (context.signal()) return Payload("[" + context.signal()->bytes + "]");
    if (context.task() == "each") return context.input();
    if (context.task() == "loop")
      return Payload(fmt::format("[\"secret\",{}]", context.occurrence()));
    const std::string state = context.state() ? context.state()->bytes + "!" : "secret";
    if (const absl::Status kept = context.SetState(state); !kept.ok()) return kept;
    return Payload("\"" + state + "\"");
  };
  const When second = {.pointer = "/1", .op = CompareOp::kGreaterOrEqual, .value = "2"};
  const Workflow flow = {
      .name = "main",
      .tasks = {
          {.name = "loop",
           .activity = "say",
           .kind = LoopTask{.max_iterations = 5, .break_when = second}},
          {.name = "keep", .activity = "say", .kind = StatefulTask{}, .repeat = Repeat{.count = 3}},
          {.name = "paid", .activity = "say", .kind = EventTask{.signal = "paid"}},
          {.name = "each", .activity = "say", .kind = MapTask{.items = {.pointer = "/each"}}}}};
  const auto engine = MustOpen({.directory = directory.engine(),
                                .workflows = {flow},
                                .activities = {{"say", say}},
                                .codec = codec});
  MustStart(*engine, "k", R"({"each":["secret a","secret b"]})");
  REQUIRE(engine->Signal("k", "paid", Payload("\"secret\"")).ok());
  const ExecutionReport report = MustWait(*engine, "k");
  CHECK(report.success());
  CHECK_EQ(report.output("loop"), R"({"iterations":2,"last":["secret",2],"broke_early":true})");
  CHECK_EQ(report.output("keep"), "\"secret!!\"");
  CHECK_EQ(report.output("paid"), "[\"secret\"]");
  CHECK_EQ(report.output("each"), R"(["secret a","secret b"])");
  MustStart(*engine, "no array", R"({"each":"secret"})");
  CHECK(engine->Cancel("no array").ok());
  MustWait(*engine, "no array");
  CHECK(engine->Close().ok());
  CHECK_FALSE(Holds(directory.engine(), "secret"));
}

TEST_CASE("a directory may get a codec later: what was stored before is given as it is") {
  const TempDirectory directory;
  MustStart(*MustOpen(Options(directory.engine(), nullptr)), "k", std::string(kInput));
  const auto engine = MustOpen(Options(directory.engine(), std::make_shared<Scrambler>()));
  CHECK_EQ(MustWait(*engine, "k").output("tell"), kTold);
  CHECK_EQ(MustStart(*engine, "k", std::string(kInput)).existed, true);
}

TEST_CASE("what cannot be decoded fails who needs it, and is reported as it is stored") {
  const TempDirectory directory;
  const auto codec = std::make_shared<Scrambler>();
  std::vector<std::string> keys = {"no codec", "another", "broken"};
  {
    EngineOptions options = Options(directory.engine(), codec);
    options.execute = false;
    const auto engine = MustOpen(std::move(options));
    for (const std::string& key : keys) {
      MustStart(*engine, key, std::string(kInput));
      CHECK(engine->Pause(key).ok());
    }
  }
  const auto error = [&](const std::string& key, std::shared_ptr<PayloadCodec> with) {
    const auto engine = MustOpen(Options(directory.engine(), std::move(with)));
    CHECK(engine->Resume(key).ok());
    const ExecutionReport report = MustWait(*engine, key);
    CHECK_EQ(report.input.content_type, "encoded/scramble-1");
    CHECK_EQ(engine->GetDeadLetter(key, "ask")->input.content_type, "encoded/scramble-1");
    return report.task("ask")->error;
  };
  const std::string none = error(keys[0], nullptr);
  CHECK_MESSAGE(none.find("codec 'scramble-1', and the engine has none") != none.npos, none);
  const std::string other = error(keys[1], std::make_shared<Scrambler>("other"));
  CHECK_MESSAGE(other.find("and the engine has 'other'") != other.npos, other);
  codec->broken = true;
  const std::string broken = error(keys[2], codec);
  CHECK_MESSAGE(broken.find("codec: decode: the key is gone") != broken.npos, broken);
  codec->broken = false;
  const auto engine = MustOpen(Options(directory.engine(), codec));
  CHECK(engine->Retry(keys[2]).ok());
  CHECK(MustWait(*engine, keys[2]).success());
}

TEST_CASE("what cannot be encoded is refused, or fails its attempt; a codec may throw") {
  const auto codec = std::make_shared<Scrambler>();
  EngineOptions options = Options("", codec);
  options.activities["ask"] = [](ActivityContext& context) -> absl::StatusOr<Payload> {
    CHECK_FALSE(context.Checkpoint("unspeakable").ok());
    CHECK_FALSE(context.Step("s", [](const std::string&) { return Payload("unspeakable"); }).ok());
    return Payload("unspeakable");
  };
  const auto engine = MustOpen(std::move(options));
  CHECK(absl::IsUnknown(
      engine->Start({.workflow = "main", .key = "k", .input = "unspeakable"}).status()));
  MustStart(*engine, "k");
  CHECK(absl::IsUnknown(engine->Signal("k", "s", "unspeakable", "").status()));
  const std::string error = MustWait(*engine, "k").task("ask")->error;
  CHECK_MESSAGE(error.find("codec: encode: exception: cannot say that") != error.npos, error);
  CHECK_EQ(engine->Report("k")->task("ask")->steps, 0);
}

TEST_CASE("a codec's name is one") {
  for (const char* name : {"", "A", "a b", "a;b", "a/b", "123456789012345678901234567890123"}) {
    CHECK(absl::IsInvalidArgument(
        Engine::Open(Options("", std::make_shared<Scrambler>(name))).status()));
  }
}

// Signals, children's inputs and results, schedules, concurrency keys, leases.
TEST_CASE("what the engine looks into, or hands to others, is what was given") {
  const TempDirectory directory;
  EngineOptions options = Options(directory.engine(), std::make_shared<Scrambler>());
  options.workflows = {
      {.name = "main",
       .tasks = {{.name = "go", .kind = EventTask{.signal = "go"}},
                 {.name = "child",
                  .after = {"go"},
                  .kind = SubWorkflowTask{.workflow = "child",
                                          .input = {.task = "go", .pointer = "/who"}}}}},
      {.name = "child",
       .tasks = {{.name = "a", .activity = "echo"}, {.name = "b", .activity = "echo"}}},
      {.name = "keyed",
       .tasks = {{.name = "t",
                  .activity = "far",
                  .concurrency_key = ConcurrencyKey{.key = "n ${input/n}"}}}}};
  options.activities = {{"echo", [](ActivityContext& context) { return context.input(); }}};
  const auto engine = MustOpen(std::move(options));
  MustStart(*engine, "k");
  CHECK(engine->Signal("k", "go", R"({"who": "secret"})", "").ok());
  const ExecutionReport report = MustWait(*engine, "k");
  CHECK_EQ(report.output("go"), R"({"who": "secret"})");
  CHECK_EQ(report.output("child"), R"({"a":"secret","b":"secret"})");
  const ScheduleSpec spec = {.name = "nightly",
                             .workflow = "keyed",
                             .input = R"({"n": 7, "why": "secret"})",
                             .every = absl::Hours(1)};
  const auto created = engine->CreateSchedule(spec);
  REQUIRE(created.ok());
  // The same again.
  CHECK(engine->CreateSchedule(spec).ok());
  CHECK_EQ(engine->Schedules()->size(), 1);
  REQUIRE(engine->TriggerSchedule("nightly").ok());
  CHECK(engine->Start({.workflow = "keyed", .key = "second", .input = spec.input}).ok());
  std::vector<LeasedRun> runs;
  REQUIRE(Eventually([&] {
    runs = *engine->AcquireLeases({.worker = "w", .activities = {"far"}, .max = 10});
    return !runs.empty();
  }));
  // One key: the other waits.
  REQUIRE_EQ(runs.size(), 1);
  CHECK_EQ(runs[0].input.bytes, spec.input.bytes);
  CHECK(engine->CheckpointLeased(runs[0].token, "secret").ok());
  CHECK(engine->ReportLeased({.token = runs[0].token, .result = Payload("secret out")}).ok());
  CHECK_EQ(MustWait(*engine, runs[0].key).output("t"), "secret out");
  CHECK(engine->Close().ok());
  CHECK_FALSE(Holds(directory.engine(), "secret"));
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::codec_test
