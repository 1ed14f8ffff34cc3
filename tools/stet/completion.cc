// The script is made from what is declared: nothing to keep in step.
#include "tools/stet/completion.h"

#include <vector>

#include <CLI/Option.hpp>
#include <fmt/format.h>

namespace stet::cli {
namespace {

std::string Joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

std::vector<std::string> OptionsOf(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

// A case for `command` and each of its own: "run", "dead", "dead show".
void AddCases(const CLI::App& command, const std::string& path, std::string* cases) {
  std::vector<std::string> commands;
  for (const CLI::App* child : command.get_subcommands({})) {
    if (!child->get_group().empty()) commands.push_back(child->get_name());
  }
  *cases += fmt::format("    '{}') commands='{}' options='{}' ;;\n", path, Joined(commands),
                        Joined(OptionsOf(command)));
  for (const CLI::App* child : command.get_subcommands({})) {
    if (child->get_group().empty()) continue;
    AddCases(*child, path.empty() ? child->get_name() : path + " " + child->get_name(), cases);
  }
}

}  // namespace

std::string BashCompletion(const CLI::App& app) {
  std::string cases;
  AddCases(app, "", &cases);
  return fmt::format(
      R"(# bash completion of {0}.  zsh: autoload -U bashcompinit && bashcompinit, first.
_{0}_words() {{
  case $1 in
{1}    *) return 1 ;;
  esac
}}
_{0}() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} path='' commands='' options='' word
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    _{0}_words "${{path:+$path }}$word" && path="${{path:+$path }}$word"
  done
  _{0}_words "$path"
  case $current in
    -*) COMPREPLY=($(compgen -W "$options" -- "$current")) ;;
    *) COMPREPLY=($(compgen -W "$commands" -- "$current")) ;;
  esac
}}
complete -o default -F _{0} {0}
)",
      app.get_name(), cases);
}

}  // namespace stet::cli
