// The extra of a task as JSON.
#pragma once

#include <string>

#include "schema/workflow.fbs.h"

namespace stet::schema {

// An object on one line; what is at its default is left out.
std::string DescribeExtra(const fb::TaskExtra& extra);

}  // namespace stet::schema
