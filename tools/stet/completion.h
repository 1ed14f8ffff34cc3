// `stet completion`: what a shell completes after "stet".
#pragma once

#include <string>

#include <CLI/App.hpp>

namespace stet::cli {

// A script for bash (and for zsh with bashcompinit) that completes the commands of `app`, their
// commands and options; files where neither fits.
std::string BashCompletion(const CLI::App& app);

}  // namespace stet::cli
