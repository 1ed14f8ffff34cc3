// How much of an exhaustive test is done.
#pragma once

#include <cstdint>

// g++ defines these itself.
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__
#elif __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__
#endif
#endif

namespace stet {

// Every so manieth case: all, but under sanitizers, where each costs some 25 times as much and what is
// looked for is not in one case alone.  Odd, so that what alternates is met both ways.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr uint64_t kStride = 7;
#else
inline constexpr uint64_t kStride = 1;
#endif

}  // namespace stet
