#!/usr/bin/env python3
"""What bash offers after `stet`: asked of a real bash."""
import os
import subprocess

from harness import STET, check, check_equal, finish


def offered(*words):
    """What bash would complete the last of `words` to."""
    script = '. <("$STET_EXE" completion)\nCOMP_WORDS=(stet "$@") COMP_CWORD=$#\n_stet\nprintf "%s\\n" "${COMPREPLY[@]}"'
    done = subprocess.run(['bash', '-c', script, 'bash', *words], text=True, capture_output=True,
                          env={**os.environ, 'STET_EXE': STET})
    check_equal((done.returncode, done.stderr), (0, ''), f'bash completes {words}')
    return done.stdout.split()


commands = offered('')
check({'run', 'validate', 'ls', 'show'} <= set(commands), f'commands: {commands}')
check_equal(offered('va'), ['validate'], 'va')
check_equal(offered('run', 'report.json', '--ti'), ['--time-scale'], 'an option of run')
check('--time-scale' not in offered('ls', '--'), 'ls has no option of run')
check_equal(offered('run', ''), [], 'files are left to bash')
help_text = subprocess.run([STET, '--help'], text=True, capture_output=True).stdout
listed = [line.split()[0] for line in help_text.split('Subcommands:')[1].split('\n\n')[0].splitlines() if line.strip()]
check_equal(sorted(commands), sorted(listed), 'commands, as --help lists them')
finish()
