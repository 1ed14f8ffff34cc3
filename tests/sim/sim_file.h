// A file of a SimStorage.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "tests/sim/sim_storage.h"

namespace stet::wal {

class SimFile final : public File {
 public:
  SimFile(SimStorage* storage, std::string path, std::shared_ptr<SimContent> content)
      : storage_(*storage), path_(std::move(path)), content_(std::move(content)) {}

  absl::StatusOr<size_t> Read(uint64_t offset, std::span<std::byte> out) override;
  absl::Status Write(uint64_t offset, Bytes data) override;
  absl::Status Flush() override;
  absl::Status Allocate(uint64_t bytes) override;
  absl::StatusOr<uint64_t> Size() override { return content_->size(); }
  const std::string& path() const override { return path_; }
  uint32_t alignment() const override { return kSimBlock; }
  SimContent& content() { return *content_; }

 private:
  SimStorage& storage_;
  const std::string path_;
  const std::shared_ptr<SimContent> content_;
};

}  // namespace stet::wal
