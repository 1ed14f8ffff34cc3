// A value that is usually its default: then it takes the room of a pointer.
#pragma once

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

#pragma GCC visibility push(default)

namespace stet {

// Copies are deep, comparison is by value, the default is T().  Read with * and ->; to change a
// member take edit().  Not thread-safe, as any value.
template <class T>
class Boxed {
 public:
  Boxed() = default;
  // Of anything that T can be made of, without a word: .kind = TimerTask{...}.
  template <class U, class = std::enable_if_t<std::convertible_to<U, T> &&
                                              !std::same_as<std::remove_cvref_t<U>, Boxed>>>
  // NOLINTNEXTLINE(google-explicit-constructor,bugprone-forwarding-reference-overload)
  Boxed(U&& value) : value_(std::make_unique<T>(std::forward<U>(value))) {}
  Boxed(const Boxed& other) : value_(other.value_ ? std::make_unique<T>(*other.value_) : nullptr) {}
  Boxed(Boxed&& other) noexcept = default;
  Boxed& operator=(const Boxed& other) {
    if (this != &other) *this = Boxed(other);
    return *this;
  }
  Boxed& operator=(Boxed&& other) noexcept = default;
  ~Boxed() = default;

  const T& operator*() const { return value_ ? *value_ : Default(); }
  const T* operator->() const { return &**this; }
  T& edit() {
    if (!value_) value_ = std::make_unique<T>();
    return *value_;
  }
  bool is_default() const { return !value_ || *value_ == Default(); }

  friend bool operator==(const Boxed& a, const Boxed& b) {
    return (!a.value_ && !b.value_) || *a == *b;
  }

 private:
  static const T& Default() {
    static const T kDefault = T();
    return kDefault;
  }

  std::unique_ptr<T> value_ = nullptr;
};

}  // namespace stet

#pragma GCC visibility pop
