// The workflows that an engine knows by name.
#pragma once

#include "base/string_map.h"
#include "core/definition.h"

namespace stet::engine {

// Validated.  Immutable once the engine is open.
using Catalog = StringMap<core::PreparedWorkflow>;

}  // namespace stet::engine
