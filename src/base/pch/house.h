// What nearly every source includes, precompiled unless a build asks for none (-Dpch=false: ccache works better without, and a forgotten
// include is found).  Nothing includes it, and as a main file it must not say #pragma once.
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
