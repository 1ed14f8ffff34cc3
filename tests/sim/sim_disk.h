// A disk in memory that knows what would survive: sectors that were flushed, names whose directory was flushed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/sim_content.h"

namespace stet::wal {

// Keeps none of what was not flushed, all of it, or some.
enum class CrashPolicy : uint8_t { kLoseAll, kKeepAll, kRandom };

class FixedChooser final : public CrashChooser {
 public:
  explicit FixedChooser(bool keep) : keep_(keep) {}
  uint32_t Choose(uint32_t options, uint64_t /*write*/) override { return keep_ ? options - 1 : 0; }

 private:
  const bool keep_;
};

// Each write survives whole, not at all, or in part.
class RandomChooser final : public CrashChooser {
 public:
  explicit RandomChooser(std::mt19937_64* random) : random_(*random) {}
  uint32_t Choose(uint32_t options, uint64_t write) override;

 private:
  enum class Fate : uint8_t { kNone, kAll, kSome };
  std::mt19937_64& random_;
  std::map<uint64_t, Fate> fates_ = {};
};

// Every combination of choices, one run after the other.
class EveryChooser final : public CrashChooser {
 public:
  uint32_t Choose(uint32_t options, uint64_t write) override;
  // To the next combination; false behind the last.
  bool Next();

 private:
  struct Pick {
    uint32_t options = 0;
    uint32_t chosen = 0;
  };
  std::vector<Pick> picks_ = {};
  size_t at_ = 0;
};

// Files by path.  Names are separate from contents, as on a real disk.  A copy is another disk.
class SimDisk {
 public:
  using Names = std::map<std::string, std::shared_ptr<SimContent>>;

  SimDisk() = default;
  SimDisk(const SimDisk& other) { *this = other; }
  SimDisk& operator=(const SimDisk& other);

  const Names& names() const { return names_; }  // what programs see
  SimContent* Find(const std::string& path) const;
  bool HasDirectory(const std::string& path) const;
  std::vector<std::string> List(const std::string& directory) const;

  void Create(const std::string& path);
  void Link(const std::string& from, const std::string& to);
  void Rename(const std::string& from, const std::string& to);
  void Remove(const std::string& path);
  void MakeDirectory(const std::string& path);
  // Makes the names in `directory` durable.
  void SyncNames(const std::string& directory);
  size_t pending_names() const { return changes_.size(); }

  // At once, and as durable as anything: what others do to a directory.
  void Place(const std::string& path, std::shared_ptr<SimContent> content);
  void Lose(const std::string& path);

  // The disk after a power cut; this one stays as it is.  Of the names the first changes survive, as with a journal, or, with
  // `any_names`, any of them.
  SimDisk Crash(CrashChooser& chooser, bool any_names = false) const;
  SimDisk Crash(CrashPolicy policy, std::mt19937_64& random) const;
  // The device loses what it has not yet made durable of any file.
  void LoseCaches();
  // The process dies and the machine goes on.
  void Kill(std::mt19937_64& random);

  uint64_t UsedBytes() const;
  uint64_t NextNumber() { return ++numbers_; }  // of writes and of completions
  uint64_t last_number() const { return numbers_; }

 private:
  struct Change {
    enum class Kind : uint8_t { kLink, kUnlink, kRename, kDirectory };
    Kind kind = Kind::kLink;
    std::string path;
    std::string to;  // of a rename
    std::shared_ptr<SimContent> content;
  };
  static void Apply(const Change& change, Names* names, std::vector<std::string>* directories);
  std::set<SimContent*> Contents() const;

  Names names_;
  Names durable_names_;
  std::vector<std::string> directories_ = {"/"};
  std::vector<std::string> durable_directories_ = {"/"};
  std::vector<Change> changes_;  // since their directory was flushed
  uint64_t numbers_ = 0;
};

std::string SimParent(const std::string& path);

}  // namespace stet::wal
