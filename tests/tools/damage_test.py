#!/usr/bin/env python3
"""Disks that are damaged, full or read-only, and a task that kills its own stet."""
import json
import os
import pathlib
import subprocess

from harness import Scratch, check, check_equal, commands, finish, one_line_error, skip, unmount


def flipped_bit():
    with Scratch() as s:
        flow = s.file('flow.json', commands(*[(f't{i}', 'echo x') for i in range(30)]))
        check_equal(s.stet('run', flow).returncode, 0, 'completes')
        segment = min((s.dir / 'wal').glob('*.wal'))
        content = bytearray(segment.read_bytes())
        place = next(i for i in range(4 * 4096, len(content)) if content[i:i + 4] == b'echo')
        content[place] ^= 1
        segment.write_bytes(content)
        before = snapshot(s)
        for arguments in (['run', flow], ['run', flow, '--key', 'new'], ['ls'], ['show', 'flow']):
            one_line_error(s.stet(*arguments), 3, segment.name)
        done = s.stet('run', flow, '--json')
        error = json.loads(done.stdout)['error']
        check_equal(done.returncode, 3, 'exit status')
        check(segment.name in error['file'], f'file: {error}')
        check(isinstance(error['offset'], int) and 0 < error['offset'] <= place, f'offset: {error}')
        check(error['next'], f'next: {error}')
        check_equal(s.verify()[0], 2, 'walinspect verify')
        check_equal(snapshot(s), before, 'no file is changed')


def deleted_log():
    """Commands have run, and the log that named them is gone: nothing is begun anew in its place."""
    with Scratch() as s:
        flow = s.file('flow.json', commands(('a', 'echo ran >> trace')))
        check_equal(s.stet('run', flow).returncode, 0, 'a run')
        log, away = s.dir / 'wal', s.path / 'away'
        log.rename(away)
        for _ in ('no folder', 'an empty folder'):
            one_line_error(s.stet('run', flow), 3, f'no log in {log}', 'put it back')
            log.mkdir(exist_ok=True)
        check_equal(list(log.iterdir()), [], 'nothing is made')
        log.rmdir()
        away.rename(log)
        check_equal(s.stet('run', flow).returncode, 0, 'put back')
        check_equal((s.path / 'trace').read_text(), 'ran\n', 'run once')


def snapshot(s):
    return {p: p.read_bytes() for p in (s.dir / 'wal').iterdir() if p.name != 'LOCK'}


def not_writable():
    with Scratch() as s:
        flow = s.file('flow.json', commands(('a', 'true')))
        s.dir = pathlib.Path('/proc/stet-test')  # Nobody can create anything there, not even root.
        one_line_error(s.stet('run', flow), 4, '/proc/stet-test')
        s.dir = pathlib.Path('/dev/null/d')
        one_line_error(s.stet('run', flow), 4, '/dev/null')


def small_disk(s, size):
    """A mounted small disk, or None where that is not allowed."""
    disk = s.path / 'small'
    disk.mkdir()
    mount = ['mount', '-t', 'tmpfs', '-o', f'size={size}', 'tmpfs', str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        skip('a full disk: mounting a small tmpfs needs root')
        return None
    s.dir = disk / 'd'
    return disk


def disk_full():
    with Scratch() as s:
        flow = s.file('flow.json', commands(('a', 'true')))
        if disk := small_disk(s, '64k'):
            one_line_error(s.stet('run', '--quiet', flow), 4, 'next: make room')
            unmount(disk)


def disk_fills_up():
    """The log finds no room for its next segment; with room the same command goes on."""
    with Scratch() as s:
        output = "head -c 900000 /dev/zero | tr '\\0' x"
        # The commands' own logs fill the disk too: their attempts fail then, and are repeated.
        retry = {'max_attempts': 1000, 'backoff': {'kind': 'fixed', 'base': '200ms'}}
        flow = s.file('flow.json', commands(*[(f't{i}', output) for i in range(10)],
                                            defaults={'retry': retry}))
        if disk := small_disk(s, '12m'):
            one_line_error(s.stet('run', '--quiet', flow), 4, 'No space')
            subprocess.run(['mount', '-o', 'remount,size=200m', str(disk)], check=True)
            status, report = s.report(flow)
            check_equal((status, report['state']), (0, 'completed'), 'with room it goes on')
            check(s.verify()[0] in (0, 1), 'walinspect verify')
            unmount(disk)


def kills_its_own_stet():
    with Scratch() as s:
        kill = 'echo try >> tries; kill -9 $(cut -d " " -f 4 "/proc/$PPID/stat"); sleep 60'
        flow = s.file('flow.json', commands(
            {'id': 'bad', 'run': kill, 'retry': {'max_lost': 3}}, ('after', 'true', ['bad']),
            ('other', 'true')))
        runs = 0
        while runs < 10:
            runs += 1
            done = s.stet('run', flow, '--json')
            if done.returncode != -9:
                break
        report = json.loads(done.stdout)
        check_equal((done.returncode, report['state']), (1, 'failed'), 'it stops')
        bad = report['tasks']['bad']
        check_equal(bad['state'], 'dead_lettered', 'dead-lettered')
        check_equal((bad['attempts'], bad['lost']), (3, 3), 'attempts')
        check_equal((s.path / 'tries').read_text().count('try'), 3, 'tries')
        check_equal(report['tasks']['after']['state'], 'skipped', 'its dependents')
        check_equal(report['tasks']['other']['state'], 'completed', 'others')
        check(s.verify()[0] in (0, 1), 'walinspect verify')


for case in [flipped_bit, deleted_log, not_writable, disk_full, disk_fills_up, kills_its_own_stet]:
    print(case.__name__, flush=True)
    case()
finish()
