// Names, their changes, and which of them survive.
#include "tests/sim/sim_disk.h"

#include <algorithm>

namespace stet::wal {
namespace {

bool Holds(const std::vector<std::string>& paths, const std::string& path) {
  return std::find(paths.begin(), paths.end(), path) != paths.end();
}

}  // namespace

std::string SimParent(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

uint32_t RandomChooser::Choose(uint32_t options, uint64_t write) {
  const auto [fate, fresh] = fates_.try_emplace(write, Fate::kSome);
  if (fresh) fate->second = static_cast<Fate>(random_() % 3);
  if (fate->second == Fate::kNone) return 0;
  if (fate->second == Fate::kAll) return options - 1;
  return static_cast<uint32_t>(random_() % options);
}

uint32_t EveryChooser::Choose(uint32_t options, uint64_t /*write*/) {
  if (at_ == picks_.size()) picks_.push_back({.options = options});
  return picks_[at_++].chosen;
}

bool EveryChooser::Next() {
  at_ = 0;
  while (!picks_.empty() && picks_.back().chosen + 1 == picks_.back().options) picks_.pop_back();
  if (picks_.empty()) return false;
  ++picks_.back().chosen;
  return true;
}

SimDisk& SimDisk::operator=(const SimDisk& other) {
  if (this == &other) return *this;
  directories_ = other.directories_;
  durable_directories_ = other.durable_directories_;
  numbers_ = other.numbers_;
  // A file keeps its identity under all its names.
  std::map<const SimContent*, std::shared_ptr<SimContent>> copies;
  const auto copy = [&](const std::shared_ptr<SimContent>& content) {
    if (content == nullptr) return content;
    std::shared_ptr<SimContent>& held = copies[content.get()];
    if (held == nullptr) held = std::make_shared<SimContent>(*content);
    return held;
  };
  names_.clear();
  durable_names_.clear();
  for (const auto& [path, content] : other.names_) names_[path] = copy(content);
  for (const auto& [path, content] : other.durable_names_) durable_names_[path] = copy(content);
  changes_ = other.changes_;
  for (Change& change : changes_) change.content = copy(change.content);
  return *this;
}

SimContent* SimDisk::Find(const std::string& path) const {
  const auto found = names_.find(path);
  return found == names_.end() ? nullptr : found->second.get();
}

bool SimDisk::HasDirectory(const std::string& path) const { return Holds(directories_, path); }

std::vector<std::string> SimDisk::List(const std::string& directory) const {
  std::vector<std::string> found;
  for (const auto& [path, content] : names_) {
    if (SimParent(path) == directory) found.push_back(path.substr(path.rfind('/') + 1));
  }
  return found;
}

void SimDisk::Apply(const Change& change, Names* names, std::vector<std::string>* directories) {
  switch (change.kind) {
    case Change::Kind::kLink:
      (*names)[change.path] = change.content;
      break;
    case Change::Kind::kUnlink:
      names->erase(change.path);
      break;
    case Change::Kind::kRename:
      names->erase(change.path);
      (*names)[change.to] = change.content;
      break;
    case Change::Kind::kDirectory:
      if (!Holds(*directories, change.path)) directories->push_back(change.path);
      break;
  }
}

void SimDisk::Create(const std::string& path) {
  changes_.push_back({Change::Kind::kLink, path, {}, std::make_shared<SimContent>()});
  Apply(changes_.back(), &names_, &directories_);
}

void SimDisk::Link(const std::string& from, const std::string& to) {
  changes_.push_back({Change::Kind::kLink, to, {}, names_.at(from)});
  Apply(changes_.back(), &names_, &directories_);
}

void SimDisk::Rename(const std::string& from, const std::string& to) {
  changes_.push_back({Change::Kind::kRename, from, to, names_.at(from)});
  Apply(changes_.back(), &names_, &directories_);
}

void SimDisk::Remove(const std::string& path) {
  changes_.push_back({Change::Kind::kUnlink, path, {}, nullptr});
  Apply(changes_.back(), &names_, &directories_);
}

void SimDisk::MakeDirectory(const std::string& path) {
  changes_.push_back({Change::Kind::kDirectory, path, {}, nullptr});
  Apply(changes_.back(), &names_, &directories_);
}

void SimDisk::SyncNames(const std::string& directory) {
  std::erase_if(changes_, [&](const Change& change) {
    if (SimParent(change.path) != directory) return false;
    Apply(change, &durable_names_, &durable_directories_);
    return true;
  });
}

void SimDisk::Place(const std::string& path, std::shared_ptr<SimContent> content) {
  durable_names_[path] = content;
  names_[path] = std::move(content);
}

void SimDisk::Lose(const std::string& path) {
  names_.erase(path);
  durable_names_.erase(path);
}

SimDisk SimDisk::Crash(CrashChooser& chooser, bool any_names) const {
  SimDisk after;
  after.numbers_ = numbers_;
  after.directories_ = durable_directories_;
  Names survivors = durable_names_;
  size_t kept = changes_.size();
  if (!any_names && kept > 0) kept = chooser.Choose(static_cast<uint32_t>(kept) + 1, 0);
  for (size_t i = 0; i < kept; ++i) {
    if (any_names && chooser.Choose(2, 0) == 0) continue;
    Apply(changes_[i], &survivors, &after.directories_);
  }
  std::map<const SimContent*, std::shared_ptr<SimContent>> copies;
  for (const auto& [path, content] : survivors) {
    if (!Holds(after.directories_, SimParent(path))) continue;
    std::shared_ptr<SimContent>& copy = copies[content.get()];
    if (copy == nullptr) copy = std::make_shared<SimContent>(content->Crash(chooser));
    after.names_[path] = copy;
  }
  after.durable_names_ = after.names_;
  after.durable_directories_ = after.directories_;
  return after;
}

SimDisk SimDisk::Crash(CrashPolicy policy, std::mt19937_64& random) const {
  if (policy == CrashPolicy::kRandom) {
    RandomChooser chooser(&random);
    return Crash(chooser, random() % 4 == 0);
  }
  FixedChooser chooser(policy == CrashPolicy::kKeepAll);
  return Crash(chooser);
}

std::set<SimContent*> SimDisk::Contents() const {
  std::set<SimContent*> contents;
  for (const Names* names : {&names_, &durable_names_}) {
    for (const auto& [path, content] : *names) contents.insert(content.get());
  }
  return contents;
}

void SimDisk::LoseCaches() {
  for (SimContent* content : Contents()) content->LoseCache();
}

void SimDisk::Kill(std::mt19937_64& random) {
  // By name: their order in memory differs from run to run.
  std::set<SimContent*> killed;
  for (const Names* names : {&names_, &durable_names_}) {
    for (const auto& [path, content] : *names) {
      if (killed.insert(content.get()).second) content->Kill(random);
    }
  }
}

uint64_t SimDisk::UsedBytes() const {
  uint64_t used = 0;
  for (const auto& [path, content] : names_) used += content->size();
  return used;
}

}  // namespace stet::wal
