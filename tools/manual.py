#!/usr/bin/env python3
"""manual.py PROGRAM PAGE: a manual page out of what --help of the program and of its commands says."""
import pathlib
import re
import subprocess
import sys


def help_of(program, *commands):
    done = subprocess.run([program, *commands, '--help'], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True)
    if done.returncode != 0:
        sys.exit(f'{program} {" ".join(commands)} --help: exit {done.returncode}\n{done.stderr}')
    return done.stdout.strip('\n')


def commands_in(text):
    """The names in the list "Subcommands:" of a help."""
    listed = re.search(r'^Subcommands:\n((?:  .*\n?)+)', text, re.MULTILINE)
    return re.findall(r'^  (\S+)', listed.group(1), re.MULTILINE) if listed else []


def verbatim(text):
    """As it stands, whatever it holds."""
    lines = (line.replace('\\', '\\e').replace('-', '\\-') for line in text.splitlines())
    return '.nf\n' + ''.join('\\&' + line + '\n' for line in lines) + '.fi\n'


def sections(program, name, commands):
    """Sections of all commands below `commands`."""
    text = help_of(program, *commands)
    page = '' if not commands else f'.SS "{" ".join([name, *commands])}"\n' + verbatim(text)
    for command in commands_in(text):
        page += sections(program, name, [*commands, command])
    return page


def main():
    program, page = sys.argv[1:]
    name = pathlib.Path(program).name
    text = help_of(program)
    summary, rest = text.split('\n', 1)
    summary = summary.rstrip('.').removeprefix(name + ' ')
    text = f'.TH {name.upper()} 1\n.SH NAME\n{name} \\- {summary}\n.SH DESCRIPTION\n' + verbatim(rest)
    commands = sections(program, name, [])
    pathlib.Path(page).write_text(text + (f'.SH COMMANDS\n{commands}' if commands else ''))


main()
