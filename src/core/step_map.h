// What the steps of a run have recorded, by their names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stet::core {

// A step is named, and numbered from 1 among those of its name.
struct StepKey {
  std::string name = {};
  uint32_t occurrence = 1;
  friend bool operator==(const StepKey&, const StepKey&) = default;
};
struct StepKeyView {
  std::string_view name = {};
  uint32_t occurrence = 1;
};

uint64_t HashOf(const StepKeyView& key);

// They lie in the order in which they were recorded, one behind the other: an activity records many, and looks up
// few.  Equal are those that hold the same, in whatever order.
template <class V>
class StepMap {
 public:
  struct Step {
    StepKey key = {};
    V value = {};
  };

  bool empty() const { return steps_.empty(); }
  size_t size() const { return steps_.size(); }
  auto begin() const { return steps_.begin(); }
  auto end() const { return steps_.end(); }
  void clear() {
    steps_.clear();
    places_.clear();
  }

  // Null when there is none.
  const V* Find(const StepKeyView& key) const {
    if (places_.empty()) {
      for (const Step& step : steps_) {
        if (Is(step, key)) return &step.value;
      }
      return nullptr;
    }
    const uint32_t place = places_[PlaceOf(key)];
    return place == 0 ? nullptr : &steps_[place - 1].value;
  }

  // False, and nothing is done, when there is one of that key.
  bool Add(StepKey key, V value) {
    const StepKeyView view = {.name = key.name, .occurrence = key.occurrence};
    if (steps_.size() < kFew) {
      if (Find(view) != nullptr) return false;
    } else {
      if (steps_.size() * 2 >= places_.size()) SpreadOver(steps_.size() * 4);
      uint32_t& place = places_[PlaceOf(view)];
      if (place != 0) return false;
      place = static_cast<uint32_t>(steps_.size()) + 1;
    }
    steps_.push_back({.key = std::move(key), .value = std::move(value)});
    return true;
  }

  // The same steps with what `make` gives for their values.
  template <class W, class Make>
  StepMap<W> With(Make make) const {
    StepMap<W> other;
    other.places_ = places_;
    other.steps_.reserve(steps_.size());
    for (const Step& step : steps_) {
      other.steps_.push_back({.key = step.key, .value = make(step.value)});
    }
    return other;
  }

  friend bool operator==(const StepMap& a, const StepMap& b) {
    if (a.size() != b.size()) return false;
    for (const Step& step : a) {
      const V* other = b.Find({.name = step.key.name, .occurrence = step.key.occurrence});
      if (other == nullptr || !(*other == step.value)) return false;
    }
    return true;
  }

 private:
  template <class W>
  friend class StepMap;

  // So many are looked through; a power of two.
  static constexpr size_t kFew = 8;

  static bool Is(const Step& step, const StepKeyView& key) {
    return step.key.name == key.name && step.key.occurrence == key.occurrence;
  }

  // Where it stands, or the free place where it would.
  size_t PlaceOf(const StepKeyView& key) const {
    const size_t mask = places_.size() - 1;
    size_t i = HashOf(key) & mask;
    while (places_[i] != 0 && !Is(steps_[places_[i] - 1], key)) i = (i + 1) & mask;
    return i;
  }

  void SpreadOver(size_t places) {
    places_.assign(places, 0);
    for (size_t i = 0; i < steps_.size(); ++i) {
      const StepKey& key = steps_[i].key;
      places_[PlaceOf({.name = key.name, .occurrence = key.occurrence})] =
          static_cast<uint32_t>(i) + 1;
    }
  }

  std::vector<Step> steps_ = {};
  // Open addressing, linear probing: one more than the index of a step, 0: free.  Empty while they are few.
  std::vector<uint32_t> places_ = {};
};

}  // namespace stet::core
