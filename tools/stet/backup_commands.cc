// Names, options and examples.
#include "tools/stet/backup_commands.h"

#include <memory>

#include "tools/stet/backup.h"

namespace stet::cli {
namespace {

using OnChosen = std::function<ExitStatus()>;

constexpr char kStatuses[] =
    "\nExit status: 0 done; 2 usage, or OUT or DIR exists; 3 data damaged or refused; 4 I/O error.";

void AddBackup(CLI::App& app, OnChosen& chosen) {
  const auto command = std::make_shared<BackupCommand>();
  CLI::App* backup =
      app.add_subcommand("backup", "Copy a directory as it is now, while it runs or not");
  backup->add_option("DIR", command->directory, "The engine's directory")
      ->required()
      ->type_name("");
  backup->add_option("OUT", command->backup, "A new directory for the backup")
      ->required()
      ->type_name("");
  backup->add_flag("--copy", command->copy,
                   "Copy every byte: no second names of files that are never written again");
  backup->add_flag("--json", command->json, "Print one JSON object");
  backup->footer(
      std::string(
          "All that is durable when it begins is in it, back to where the log begins, and nothing "
          "that is not.\nIt is read back and replayed before it counts; killed half way, it says "
          "that it is unfinished.\nwalinspect can look at it; stet never runs it: stet restore "
          "makes a directory of it.\nOutputs of commands (DIR/logs) are not part of it.\n\n"
          "Examples:\n"
          "  stet backup .stet /mnt/backups/stet-$(date +%F)\n"
          "  stet backup .stet same-disk.bak         links finished segments: takes hardly any "
          "room\n"
          "  walinspect verify --deep same-disk.bak\n") +
      kStatuses);
  backup->callback(
      [&chosen, command] { chosen = [command] { return BackUpDirectory(*command); }; });
}

void AddRestore(CLI::App& app, OnChosen& chosen) {
  const auto command = std::make_shared<RestoreCommand>();
  CLI::App* restore =
      app.add_subcommand("restore", "Make a directory of a backup, as it was then or earlier");
  restore->add_option("BACKUP", command->backup, "The backup, or any directory of stet")
      ->required()
      ->type_name("");
  restore->add_option("DIR", command->directory, "A new directory")->required()->type_name("");
  restore
      ->add_option("--at", command->at, "Nothing that came later: an event, or a time (RFC 3339)")
      ->type_name("SEQ|TIME");
  restore->add_flag("--json", command->json, "Print one JSON object");
  restore->footer(
      std::string(
          "Groups of events are taken whole: it ends with the last batch that fits. What is "
          "dropped is said, and\nwill be done again, as will be what was running then. Run one of "
          "the two directories, not both.\n\n"
          "Examples:\n"
          "  stet restore /mnt/backups/stet-2026-11-21 .stet\n"
          "  stet restore .stet before --at 2026-11-21T10:00:00Z    as it was at ten\n"
          "  stet restore .stet before --at 1042 --json\n") +
      kStatuses);
  restore->callback(
      [&chosen, command] { chosen = [command] { return RestoreDirectory(*command); }; });
}

}  // namespace

void AddBackupCommands(CLI::App& app, std::function<ExitStatus()>& action) {
  AddBackup(app, action);
  AddRestore(app, action);
}

}  // namespace stet::cli
