// Encoding of explanations.
#include "tools/stet/why_json.h"

#include <utility>

#include <absl/time/time.h>

#include "tools/stet/attempt_files.h"
#include "tools/stet/time_text.h"

namespace stet::cli {
namespace {

nlohmann::ordered_json WaitJson(const TaskWait& wait) {
  nlohmann::ordered_json json = {
      {"task", wait.task}, {"state", ToString(wait.state)}, {"kind", ToString(wait.kind)}};
  json["on"] = nlohmann::ordered_json(wait.on);
  json["until"] = TimeJson(wait.until.value_or(absl::InfiniteFuture()));
  json["reason"] = wait.reason;
  json["ends"] = wait.ends;
  return json;
}

}  // namespace

nlohmann::ordered_json WhyJson(const WhyReport& why) {
  nlohmann::ordered_json json = {
      {"action", "why"},       {"execution", why.key},
      {"id", PrintId(why.id)}, {"state", ToString(why.state)},
      {"paused", why.paused},  {"cancel_requested", why.cancel_requested},
      {"summary", why.text},   {"open_tasks", why.open_tasks}};
  nlohmann::ordered_json waits = nlohmann::ordered_json::array();
  for (const TaskWait& wait : why.tasks) waits.push_back(WaitJson(wait));
  json["waits"] = std::move(waits);
  json["seq"] = why.seq;
  return json;
}

}  // namespace stet::cli
