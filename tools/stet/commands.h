// The command line of stet: subcommands, options, help.
#pragma once

namespace stet::cli {

// Parses the command line, does what it asks, and answers the exit status.
int Main(int argc, char** argv);

}  // namespace stet::cli
