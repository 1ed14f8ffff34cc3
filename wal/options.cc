// Names of options.
#include "stet/wal/options.h"

namespace stet::wal {

std::string_view ToString(Durability durability) {
  switch (durability) {
    case Durability::kMemory:
      return "memory";
    case Durability::kOs:
      return "os";
    case Durability::kInterval:
      return "interval";
    case Durability::kCommit:
      return "commit";
    case Durability::kWitness:
      return "witness";
  }
  return "unknown";
}

}  // namespace stet::wal
