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

std::string_view ToString(Operation operation) {
  switch (operation) {
    case Operation::kAuto:
      return "auto";
    case Operation::kDurableWrite:
      return "durable_write";
    case Operation::kWriteThenFlush:
      return "write_flush";
    case Operation::kLinkedFlush:
      return "linked_flush";
  }
  return "unknown";
}

}  // namespace stet::wal
