// How executions choose and come to their end, as JSON.
#include "schema/describe_end.h"

#include <utility>

#include "schema/event_type.h"
#include "schema/json.h"

namespace stet::schema {
namespace {

// Events that say how an execution ends.
template <class T>
std::string OutcomeJson(const T& e) {
  JsonObject object;
  object.Time("time", e.time()).Unsigned("cause", e.cause()).Text("outcome", ToString(e.outcome()));
  return std::move(object).Finish();
}

}  // namespace

std::string Json(const fb::CancelRequested& e, const DescribeOptions&) {
  JsonObject object;
  object.Time("time", e.time());
  if (e.compensate()) object.Bool("compensate", true);
  return std::move(object).Finish();
}

std::string Json(const fb::ExecutionFinishing& e, const DescribeOptions&) { return OutcomeJson(e); }
std::string Json(const fb::ExecutionEnded& e, const DescribeOptions&) { return OutcomeJson(e); }

std::string Json(const fb::BranchChosen& e, const DescribeOptions&) {
  JsonObject object;
  object.Time("time", e.time()).Unsigned("task", e.task()).Text("branch", ToString(e.branch()));
  return std::move(object).Finish();
}

}  // namespace stet::schema
