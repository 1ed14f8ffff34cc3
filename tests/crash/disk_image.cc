// Pages, shared until written.
#include "tests/crash/disk_image.h"

#include <algorithm>
#include <cstring>

namespace stet::wal {

DiskImage::Page* DiskImage::Own(uint64_t page) {
  std::shared_ptr<Page>& held = pages_[page];
  if (held == nullptr) {
    held = std::make_shared<Page>();
  } else if (held.use_count() > 1) {
    held = std::make_shared<Page>(*held);
  }
  return held.get();
}

void DiskImage::Read(uint64_t offset, std::span<std::byte> out) const {
  while (!out.empty()) {
    const uint64_t in_page = offset % kPageBytes;
    const size_t size = std::min<size_t>(out.size(), kPageBytes - in_page);
    const auto page = pages_.find(offset / kPageBytes);
    if (page == pages_.end()) {
      std::memset(out.data(), 0, size);
    } else {
      std::memcpy(out.data(), page->second->data() + in_page, size);
    }
    offset += size;
    out = out.subspan(size);
  }
}

void DiskImage::Write(uint64_t offset, std::span<const std::byte> data) {
  while (!data.empty() && offset < bytes_) {
    const uint64_t in_page = offset % kPageBytes;
    const size_t size = std::min<size_t>(data.size(), kPageBytes - in_page);
    const std::span<const std::byte> part = data.first(size);
    const bool zero =
        std::all_of(part.begin(), part.end(), [](std::byte b) { return b == std::byte{0}; });
    // A file system zeroes more than it writes: what is zero anyway takes no memory.
    if (!zero || pages_.contains(offset / kPageBytes)) {
      std::memcpy(Own(offset / kPageBytes)->data() + in_page, part.data(), size);
    }
    offset += size;
    data = data.subspan(size);
  }
}

}  // namespace stet::wal
