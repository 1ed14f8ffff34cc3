// What nearly every source of the tools includes, precompiled: see src/base/pch/house.h.
// Nothing includes it, and as a main file it must not say #pragma once.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <absl/container/btree_map.h>
#include <absl/container/flat_hash_map.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
