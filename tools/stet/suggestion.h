// What a mistyped word may have meant.
#pragma once

#include <span>
#include <string_view>

namespace stet::cli {

// The one of `words` that is nearest to `typed` and near enough to be worth naming; empty when none is.
std::string_view Suggest(std::string_view typed, std::span<const std::string_view> words);

}  // namespace stet::cli
