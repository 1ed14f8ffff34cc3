// The workflows that an engine knows by name.
#pragma once

#include "base/string_map.h"
#include "core/definition.h"

namespace stet::engine {

// Validated.  None comes or goes once the engine is open; the loop looks inside them, others at their names.
using Catalog = StringMap<core::PreparedWorkflow>;

}  // namespace stet::engine
