// UTF-8, as RFC 3629 has it.
#include "schema/utf8.h"

#include <cstddef>
#include <cstdint>

namespace stet::schema {
namespace {

// A lead byte, how many bytes follow it, and the range of the first of them.
struct Lead {
  uint8_t low;
  uint8_t high;
  uint8_t followers;
  uint8_t next_low;
  uint8_t next_high;
};

// clang-format off
constexpr Lead kLeads[] = {
    {0x00, 0x7F, 0, 0x00, 0x00},
    {0xC2, 0xDF, 1, 0x80, 0xBF},
    {0xE0, 0xE0, 2, 0xA0, 0xBF},  // not a longer form of a shorter one
    {0xE1, 0xEC, 2, 0x80, 0xBF},
    {0xED, 0xED, 2, 0x80, 0x9F},  // not a surrogate
    {0xEE, 0xEF, 2, 0x80, 0xBF},
    {0xF0, 0xF0, 3, 0x90, 0xBF},
    {0xF1, 0xF3, 3, 0x80, 0xBF},
    {0xF4, 0xF4, 3, 0x80, 0x8F},  // at most U+10FFFF
};
// clang-format on

const Lead* FindLead(uint8_t byte) {
  for (const Lead& lead : kLeads) {
    if (byte >= lead.low && byte <= lead.high) return &lead;
  }
  return nullptr;
}

}  // namespace

bool IsUtf8(std::string_view bytes) {
  size_t i = 0;
  while (i < bytes.size()) {
    const Lead* lead = FindLead(static_cast<uint8_t>(bytes[i]));
    if (lead == nullptr || lead->followers >= bytes.size() - i) return false;
    for (size_t k = 1; k <= lead->followers; ++k) {
      const auto byte = static_cast<uint8_t>(bytes[i + k]);
      const uint8_t low = k == 1 ? lead->next_low : 0x80;
      const uint8_t high = k == 1 ? lead->next_high : 0xBF;
      if (byte < low || byte > high) return false;
    }
    i += 1 + lead->followers;
  }
  return true;
}

}  // namespace stet::schema
