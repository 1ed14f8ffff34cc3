// Events of schedules, field by field.
#include "schema/describe_schedule.h"

#include <utility>

#include "schema/describe_parts.h"
#include "schema/event_type.h"
#include "schema/json.h"

namespace stet::schema {
namespace {

template <class T>
JsonObject ScheduleJson(const T& e) {
  JsonObject object;
  object.Time("time", e.time()).Unsigned("schedule", e.schedule());
  return object;
}

}  // namespace

std::string Json(const fb::ScheduleCreated& e, const DescribeOptions& options) {
  JsonObject object;
  object.Time("time", e.time())
      .Text("name", View(e.name()))
      .Text("hash", Hash(e.hash_high(), e.hash_low()))
      .Raw("input", PayloadJson(View(e.input()), e.content_type(), options));
  if (e.cron() != nullptr) object.Text("cron", View(e.cron())).Text("zone", View(e.zone()));
  if (e.every() != 0) object.Number("every_ns", e.every()).Time("anchor", e.anchor());
  object.Unsigned("misfire", e.misfire())
      .Unsigned("catch_up_max", e.catch_up_max())
      .Unsigned("overlap", e.overlap())
      .Bool("paused", e.paused())
      .Time("next_at", e.next_at());
  return std::move(object).Finish();
}

std::string Json(const fb::ScheduleRemoved& e, const DescribeOptions&) {
  return ScheduleJson(e).Finish();
}
std::string Json(const fb::SchedulePaused& e, const DescribeOptions&) {
  return ScheduleJson(e).Finish();
}
std::string Json(const fb::ScheduleResumed& e, const DescribeOptions&) {
  JsonObject object = ScheduleJson(e);
  object.Time("next_at", e.next_at());
  return std::move(object).Finish();
}

std::string Json(const fb::SchedulePlanned& e, const DescribeOptions&) {
  JsonObject object = ScheduleJson(e);
  object.Text("cause", ToString(e.cause())).Time("wall_time", e.wall_time());
  std::string times = "[";
  for (uint32_t i = 0; e.times() != nullptr && i < e.times()->size(); ++i) {
    times += (i > 0 ? "," : "") + JsonTime(e.times()->Get(i));
  }
  object.Raw("times", times + "]").Unsigned("missed", e.missed()).Time("next_at", e.next_at());
  return std::move(object).Finish();
}

std::string Json(const fb::ScheduleSkipped& e, const DescribeOptions&) {
  JsonObject object = ScheduleJson(e);
  object.Time("at", e.at()).Unsigned("position", e.position()).Text("reason", ToString(e.reason()));
  return std::move(object).Finish();
}

}  // namespace stet::schema
