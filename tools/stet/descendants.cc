// Reading of the process tree.
#include "tools/stet/descendants.h"

#include <dirent.h>

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

namespace stet::cli {
namespace {

// The parent of `pid` as its stat file says; 0 when it is gone.
pid_t ParentOf(const char* pid) {
  const std::string path = std::string("/proc/") + pid + "/stat";
  std::FILE* file = std::fopen(path.c_str(), "re");
  if (file == nullptr) return 0;
  char line[512] = {};
  const size_t n = std::fread(line, 1, sizeof line - 1, file);
  std::fclose(file);
  // "PID (NAME) STATE PPID": the name may hold anything, also ')'.
  line[n] = '\0';
  const char* end = std::strrchr(line, ')');
  if (end == nullptr || std::strlen(end) < 5 || end[2] == 'Z') return 0;
  return static_cast<pid_t>(std::strtol(end + 4, nullptr, 10));
}

}  // namespace

std::vector<pid_t> DescendantsOf(pid_t ancestor) {
  std::vector<std::pair<pid_t, pid_t>> parents;  // pid, parent
  DIR* proc = opendir("/proc");
  if (proc == nullptr) return {};
  while (const dirent* entry = readdir(proc)) {
    if (std::isdigit(static_cast<unsigned char>(entry->d_name[0])) == 0) continue;
    const pid_t pid = static_cast<pid_t>(std::strtol(entry->d_name, nullptr, 10));
    if (const pid_t parent = ParentOf(entry->d_name); parent > 0) parents.emplace_back(pid, parent);
  }
  closedir(proc);
  std::vector<pid_t> found = {ancestor};
  for (size_t i = 0; i < found.size(); ++i) {
    for (const auto& [pid, parent] : parents) {
      if (parent == found[i]) found.push_back(pid);
    }
  }
  found.erase(found.begin());
  return found;
}

}  // namespace stet::cli
