// Distances between words.
#include "tools/stet/suggestion.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

namespace stet::cli {
namespace {

constexpr size_t kTypedMax = 32;  // A longer word is no slip of the finger.

// How many letters must be put in, left out or changed (Levenshtein, 1965).
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i + 1);
    for (size_t k = 0; k < b.size(); ++k) {
      const size_t changed = diagonal + (a[i] == b[k] ? 0 : 1);
      diagonal = row[k + 1];
      row[k + 1] = std::min({changed, row[k] + 1, row[k + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string_view Suggest(std::string_view typed, std::span<const std::string_view> words) {
  if (typed.empty() || typed.size() > kTypedMax) return {};
  std::string_view best;
  size_t best_distance = 1 + typed.size() / 3;  // the most that is near enough
  for (const std::string_view word : words) {
    const size_t distance = word.starts_with(typed) ? 0 : Distance(typed, word);
    if (distance > best_distance || (distance == best_distance && !best.empty())) continue;
    best = word;
    best_distance = distance;
  }
  return best;
}

}  // namespace stet::cli
