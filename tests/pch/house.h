// What nearly every test includes, precompiled: see src/base/pch/house.h.
// Nothing includes it, and as a main file it must not say #pragma once.
#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <doctest/doctest.h>
#include <fmt/format.h>
