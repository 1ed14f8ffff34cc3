#!/usr/bin/env python3
"""Without room, descriptors or folders stet stops with exit status 4, and no task has failed for it."""
import json
import resource
import shutil
import subprocess

from harness import Scratch, check, check_equal, commands, finish, unmount

FLOW = commands(('a', 'echo one >> trace; echo out'), ('b', 'cat "$STET_OUTPUT_A"', ['a']))


def goes_on(s, flow, what):
    """The same command, once there are means: nothing was used up, and nothing recorded runs again."""
    status, report = s.report(flow)
    check_equal((status, report['state']), (0, 'completed'), f'{what}: the same command')
    check_equal({t['lost'] for t in report['tasks'].values()}, {0}, f'{what}: nothing is lost')
    check_equal((s.path / 'trace').read_text(), 'one\n', f'{what}: run once')
    return report


def no_folder():
    """A file stands where the logs belong."""
    for name in ('logs', 'run'):
        with Scratch() as s:
            s.dir.mkdir()
            (s.dir / name).write_text('in the way')
            flow = s.file('flow.json', FLOW)
            for arguments in ([], ['--json']):
                done = s.stet('run', flow, *arguments)
                check_equal(done.returncode, 4, f'{name} is a file: {done.stdout}{done.stderr}')
            error = json.loads(done.stdout)['error']
            check(f'/{name}' in error['message'], f'the message names the place: {error}')
            (s.dir / name).unlink()
            goes_on(s, flow, name)


def full_disk():
    """The folder of the logs is full; the log itself, elsewhere, is not."""
    with Scratch() as s:
        s.dir.mkdir()
        small = s.path / 'small'
        small.mkdir()
        mounted = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', str(small)],
                                 capture_output=True)
        if mounted.returncode != 0:
            print('no tmpfs may be mounted here: left out')
            return
        try:
            (s.dir / 'logs').symlink_to(small)
            (s.dir / 'run').symlink_to(small)
            flow = s.file('flow.json', commands(
                ('a', 'echo one >> trace; head -c 200000 /dev/zero; echo done'),
                ('b', 'echo "$STET_OUTPUT_A" > /dev/null', ['a'])))
            done = s.stet('run', flow)
            check_equal(done.returncode, 4, f'full: {done.stdout}{done.stderr}')
            check('No space left' in done.stderr and 'no task failed' in done.stderr, done.stderr)
            subprocess.run(['mount', '-o', 'remount,size=4m', str(small)], check=True)
            (s.path / 'trace').unlink()
            goes_on(s, flow, 'a full disk')
        finally:
            unmount(small)


def few_descriptors():
    """Wherever the descriptors run out, it is never the task that fails."""
    statuses = []
    with Scratch() as s:
        flow = s.file('flow.json', commands(*((f't{i}', 'true') for i in range(4))))
        for limit in range(8, 100, 7):
            shutil.rmtree(s.dir, ignore_errors=True)
            done = subprocess.run(
                s.command('run', flow, '--workers', 4), cwd=s.path, text=True, capture_output=True,
                env=s.environment(), timeout=60,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))
            check(done.returncode in (0, 4), f'{limit} descriptors: {done.returncode} {done.stderr}')
            statuses.append(done.returncode)
            if (s.dir / 'wal').exists():
                status, report = s.report(flow)
                check_equal((status, report['state']), (0, 'completed'), f'after {limit}')
                check_equal({t['lost'] for t in report['tasks'].values()}, {0}, f'lost after {limit}')
    check(4 in statuses and 0 in statuses, f'limits on both sides: {statuses}')


def long_output():
    """The first MiB is the output; a note says so, and where all of it is."""
    with Scratch() as s:
        flow = s.file('flow.json', commands(
            ('a', 'head -c 1048577 /dev/zero | tr "\\0" x'), ('b', 'wc -c < "$STET_OUTPUT_A"', ['a']),
            ('c', 'head -c 1048576 /dev/zero')))
        done = s.stet('run', flow)
        check_equal(done.returncode, 0, done.stderr)
        notes = [line for line in done.stderr.splitlines() if 'note' in line]
        check_equal(len(notes), 1, f'one note: {notes}')
        log = next((s.dir / 'logs').glob('*/a.*.out'))
        for part in ('"a"', '1048577', '1048576', str(log)):
            check(part in notes[0], f'{part} in {notes[0]}')
        check_equal(log.stat().st_size, 1048577, 'the log holds all of it')
        check_equal(next((s.dir / 'logs').glob('*/b.*.out')).read_text(), '1048576\n', 'handed on')


for case in [no_folder, full_disk, few_descriptors, long_output]:
    print(case.__name__, flush=True)
    case()
finish()
