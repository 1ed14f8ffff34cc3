#!/usr/bin/env python3
"""Snapshots, backups and what is restored from them, at the shell: of what runs, and of what nobody runs."""
import json
import subprocess

from harness import (STET, WALINSPECT, Scratch, check, check_equal, commands, finish, one_line_error,
                     wait_for)


def until(name):
    return f'while [ ! -e {name} ]; do sleep 0.01; done'


def stet(s, *arguments):
    return subprocess.run([STET, *map(str, arguments)], cwd=s.path, text=True, capture_output=True,
                          env=s.environment())


def answer(s, *arguments, status=0):
    done = stet(s, *arguments, '--json')
    check_equal(done.returncode, status, f'{arguments}: {done.stdout}{done.stderr}')
    return json.loads(done.stdout)


def ended(s, directory, execution):
    return answer(s, 'show', execution, '--dir', directory)['state']


def live():
    """While a command runs: a snapshot through the socket, a backup beside the process."""
    with Scratch() as s:
        flow = s.file('flow.json', commands(('a', 'touch started; ' + until('go')), ('b', 'true', ['a'])))
        runner = s.start('run', flow)
        wait_for((s.path / 'started').exists, 'a starts')
        made = answer(s, 'snapshot', '--dir', s.dir)
        check_equal((made['action'], made['served_by']), ('snapshot', runner.pid), 'made by who runs')
        check(made['seq'] > 0 and made['bytes'] > 0, f'what was made: {made}')
        listed = subprocess.run([WALINSPECT, 'snapshots', s.dir, '--json'], text=True,
                                capture_output=True).stdout
        check_equal(json.loads(listed)['seq'], made['seq'], 'walinspect sees it')
        check('read back' in stet(s, 'snapshot', '--dir', s.dir).stdout, 'as text')
        backed_up = answer(s, 'backup', s.dir, 'out')
        check(0 < backed_up['seq'], f'{backed_up}')
        (s.path / 'go').touch()
        runner.communicate()
        check_equal(runner.returncode, 0, 'it goes on')
        check_equal(ended(s, s.dir, 'flow'), 'completed', 'here')
        check_equal(ended(s, 'out', 'flow'), 'running', 'there it is as it was')
        verified = subprocess.run([WALINSPECT, 'verify', '--deep', s.path / 'out'], capture_output=True)
        check(verified.returncode in (0, 1), f'walinspect verify: {verified.stdout}')
        one_line_error(stet(s, 'run', flow, '--dir', 'out'), 2, 'is a backup', 'stet restore')
        restored = answer(s, 'restore', 'out', 'back')
        check_equal((restored['seq'], restored['dropped']), (backed_up['seq'], None), 'all of it')
        check(restored['log_id'] != backed_up['log_id'], 'a log of its own')
        check_equal(stet(s, 'run', flow, '--dir', 'back').returncode, 0, 'what was running runs again')
        check_equal(ended(s, 'back', 'flow'), 'completed', 'and ends')


def quiet():
    """Of a directory that nobody runs; moments; refusals."""
    with Scratch() as s:
        flow = s.file('flow.json', commands(('a', 'true'), ('b', 'true', ['a'])))
        check_equal(s.stet('run', flow).returncode, 0, 'run')
        check_equal(answer(s, 'snapshot', '--dir', s.dir)['served_by'], None, 'made here')
        whole = answer(s, 'backup', s.dir, 'out', '--copy')
        check_equal(whole['files_linked'], 0, 'copies only')
        text = stet(s, 'backup', s.dir, 'linked').stdout
        check('is backed up as linked' in text and 'replayed' in text, f'as text: {text}')
        earlier = answer(s, 'restore', 'out', 'earlier', '--at', whole['seq'] - 3)
        check(earlier['seq'] <= whole['seq'] - 3, 'not later')
        check_equal(earlier['dropped']['last_seq'], whole['seq'], 'it says what is dropped')
        text = stet(s, 'restore', 'out', 'then', '--at', whole['time']).stdout
        check('is restored as then, a log of its own' in text, f'at a time: {text}')
        check(f', written by {whole["time"]}, and ' in text, f'times as everywhere: {text}')
        one_line_error(stet(s, 'backup', s.dir, 'out'), 2, 'exists')
        one_line_error(stet(s, 'restore', 'out', s.dir), 2, 'exists')
        one_line_error(stet(s, 'restore', 'out', 'x', '--at', 'noon'), 2, 'a seq, or a time')
        one_line_error(stet(s, 'restore', 'out', 'x', '--at', '1970-01-01T00:00:00Z'), 2, 'no event that old')
        one_line_error(stet(s, 'backup', 'nowhere', 'x'), 2, 'no directory of stet')
        check(not (s.path / 'x').exists(), 'nothing is left')
        segment = sorted((s.path / 'out/wal').glob('*.wal'))[0]
        content = bytearray(segment.read_bytes())
        content[20_000] ^= 1
        segment.write_bytes(content)
        error = answer(s, 'restore', 'out', 'x', status=3)['error']
        check(f'out/wal/{segment.name}' in error['message'], f'damaged, and where: {error}')
        check('x/wal' not in error['message'], f'not in what is gone: {error}')


live()
quiet()
finish()
