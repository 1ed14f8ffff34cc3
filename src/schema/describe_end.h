// Events of how executions choose and come to their end, as JSON.
#pragma once

#include <string>

#include "schema/describe.h"
#include "schema/event.fbs.h"

namespace stet::schema {

// One object each, field by field.
std::string Json(const fb::CancelRequested& e, const DescribeOptions& options);
std::string Json(const fb::BranchChosen& e, const DescribeOptions& options);
std::string Json(const fb::ExecutionFinishing& e, const DescribeOptions& options);
std::string Json(const fb::ExecutionEnded& e, const DescribeOptions& options);

}  // namespace stet::schema
