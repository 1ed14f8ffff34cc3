#!/usr/bin/env python3
"""walbench measures every operation and mode, says which to take, and leaves nothing behind."""
import ctypes
import json
import os
import pathlib
import pty
import signal
import struct
import subprocess
import tempfile
import xml.etree.ElementTree

from harness import Scratch, check, check_equal, commands, finish, skip, unmount, wait_for

WALBENCH = os.environ['WALBENCH_EXE']
SHORT = ['--seconds', '0.3']
OPERATIONS = {'durable_write', 'write_flush', 'linked_flush', 'flush_each', 'buffered', 'write'}
MODES = ['memory', 'os', 'interval', 'commit', 'witness']


def walbench(*arguments, **more):
    return subprocess.run([WALBENCH, *map(str, arguments)], text=True, capture_output=True,
                          timeout=120, **more)


class Folder:
    """An empty folder; with `mount`, a file system of its own, or None where none may be mounted."""

    def __init__(self, *mount):
        self.mount = mount

    def __enter__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix='stet-walbench-'))
        if self.mount:
            done = subprocess.run(['mount', *self.mount, 'none', str(self.path)], capture_output=True)
            if done.returncode != 0:
                self.path.rmdir()
                self.path = None
        return self.path

    def __exit__(self, *error):
        if self.path is None:
            return
        for file in self.path.glob('*.svg'):
            file.unlink()
        check_equal(list(self.path.iterdir()), [], 'nothing is left behind')
        if self.mount:
            unmount(self.path)
        self.path.rmdir()


def measured(*arguments, **more):
    done = walbench('--json', *SHORT, *arguments, **more)
    if not check_equal(done.returncode, 0, f'walbench: {done.stderr}'):
        finish()
    return json.loads(done.stdout), done.stderr


def check_latency(latency, what):
    check(0 < latency['p50'] <= latency['p99'] <= latency['p99.9'] <= latency['max'],
          f'{what}: {latency}')


def check_operations(report):
    cells = {(c['interface'], c['operation'], c['block_bytes'], c['in_flight']): c
             for c in report['operations']}
    for interface in ('io_uring', 'posix'):
        for operation in OPERATIONS - ({'linked_flush'} if interface == 'posix' else set()):
            for block in (4096, 65536):
                for depth in (1, 4, 16):
                    what = (interface, operation, block, depth)
                    if not check(what in cells, f'{what} is measured'):
                        continue
                    cell = cells.pop(what)
                    check_latency(cell['latency_us'], what)
                    check(cell['per_second'] > 0 and cell['count'] >= 1, f'{what}: {cell}')
                    check_equal(cell['durable'], operation != 'write', what)
    check_equal(cells, {}, 'nothing else is measured')


def check_counts(report):
    """What the kernel counts: the flushes of the device, and what went to worker threads."""
    facts = report['facts']
    cells = [c for c in report['operations'] if c['in_flight'] == 1]
    if facts['device'] and facts['write_cache'] == 'write back':
        for cell in cells:
            if cell['durable']:
                check(cell['device_flushes'] >= 1, f'a durable write flushes the device: {cell}')
    else:
        skip('flushes are not counted: no device with a volatile cache')
    linked = [c for c in report['operations'] if c['operation'] == 'linked_flush']
    if linked[0]['punted_flushes_per_1000'] is None:
        check(any('punts' in note for note in report['notes']), f'says why: {report["notes"]}')
        skip('punts are not counted here')
        return
    for cell in linked:
        check(cell['punted_flushes_per_1000'] >= 500, f'a linked flush runs on a worker: {cell}')


def check_modes(report):
    for mode in MODES:
        for producers in (1, 64):
            found = [c for c in report['modes'] if (c['mode'], c['producers']) == (mode, producers)]
            if not check_equal(len(found), 1, f'{mode}, {producers} producers'):
                continue
            cell = found[0]
            check_equal(cell['payload_bytes'], 100, mode)
            if 'unavailable' not in cell:
                check_latency(cell['latency_us'], mode)
                check(cell['count'] >= producers and (cell['batches'] or mode == 'memory'), f'{mode}: {cell}')


def check_advice(report):
    advice = report['recommendation']
    check(advice['operation'] in ('durable_write', 'write_flush', 'linked_flush'), f'{advice}')
    check(advice['interface'] in ('io_uring', 'posix'), f'{advice}')
    check('of the fastest' in advice['because_operation'], f'{advice}')
    check_equal(advice['mode'], 'os' if report['facts']['in_memory'] else 'commit', f'{advice}')
    check(len(advice['because_mode']) > 20, f'{advice}')
    check(report['auto']['operation'] and report['auto']['backend'], f'{report["auto"]}')
    check(report['auto']['queue']['setup'], f'{report["auto"]}')


def check_chart(path):
    root = xml.etree.ElementTree.parse(path).getroot()
    texts = [e.text or '' for e in root.iter('{http://www.w3.org/2000/svg}text')]
    wide = float(root.get('width'))
    for part in ('writes per second (1/s), log scale', 'p99 latency (µs), log scale',
                 'number in flight', 'Recommended', 'Mode commit', *MODES, *OPERATIONS):
        check(any(part in text for text in texts), f'{part!r} is in the chart: {texts}')
    # Two interfaces, for two sizes, in a panel of rates and one of p99; posix links nothing.
    lines = list(root.iter('{http://www.w3.org/2000/svg}polyline'))
    check_equal(len(lines), (6 + 5) * 2 * 2, 'lines')
    for element in root.iter('{http://www.w3.org/2000/svg}circle'):
        check(0 < float(element.get('cx')) < wide, 'dots are in the picture')


def whole_report():
    with Folder() as folder:
        report, progress = measured('--svg', folder / 'disk.svg', folder)
        check_equal(report['walbench'], 1, 'the version of the JSON')
        if not any(c['interface'] == 'io_uring' for c in report['operations']):
            return skip(f'no io_uring here: {report["notes"]}')
        check_operations(report)
        check_counts(report)
        check_modes(report)
        check_advice(report)
        check_chart(folder / 'disk.svg')
        check(report['limits']['sequential_megabytes_per_second'] > 0, f'{report["limits"]}')
        check_latency(report['limits']['flush_us'], 'a flush alone')
        check('%' in progress and 'log in mode ' in progress, f'progress: {progress}')


def tables():
    """For people, and progress on a terminal as one line that is written over."""
    with Folder() as folder:
        control, terminal = pty.openpty()
        done = subprocess.run([WALBENCH, *SHORT, str(folder)], text=True, stdout=subprocess.PIPE,
                              stderr=terminal, timeout=120)
        os.close(terminal)
        live = os.read(control, 65536).decode()
        os.close(control)
    check_equal(done.returncode, 0, live)
    for part in ('recommended operation: ', 'recommended mode: ', 'auto takes: ', 'limit: ',
                 'p50/p99/p99.9', 'not durable', *MODES):
        check(part in done.stdout, f'{part!r} in {done.stdout}')
    check('\r\x1b[K' in live and '%' in live and '\n' not in live, f'live: {live!r}')


def refuse_io_uring():
    """In the child before it becomes walbench: io_uring_setup fails with EPERM."""
    filters = b''.join(struct.pack('=HBBI', *one) for one in (
        (0x20, 0, 0, 0), (0x15, 0, 1, 425), (0x06, 0, 0, 0x00050001), (0x06, 0, 0, 0x7fff0000)))
    memory = ctypes.create_string_buffer(filters)
    program = struct.pack('@HP', 4, ctypes.addressof(memory))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, 1, 0, 0, 0) != 0 or libc.prctl(22, 2, program, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), 'seccomp')


def without_io_uring():
    with Folder() as folder:
        report, _ = measured(folder, preexec_fn=refuse_io_uring)
        check_equal({c['interface'] for c in report['operations']}, {'posix'}, 'only posix')
        check(any('io_uring' in note for note in report['notes']), f'said why: {report["notes"]}')
        check_equal(report['recommendation']['interface'], 'posix', 'recommended')
        check_equal(report['auto']['backend'], 'posix', 'auto')


def without_direct_io():
    with Folder('-t', 'ramfs') as folder:
        if folder is None:
            return skip('no ramfs may be mounted here')
        report, _ = measured(folder)
        check_equal({c['operation'] for c in report['operations']}, {'buffered'}, 'operations')
        check(any('refuses direct I/O' in note for note in report['notes']), f'{report["notes"]}')
        check_equal(report['recommendation']['operation'], None, 'recommended')
        check_equal(report['limits']['sequential_megabytes_per_second'], None, 'limits')


def no_room():
    with Folder('-t', 'tmpfs', '-o', 'size=8m') as folder:
        if folder is None:
            return skip('no tmpfs may be mounted here')
        done = walbench(*SHORT, folder)
        check_equal(done.returncode, 4, f'{done}')
        check('MiB free' in done.stderr and str(folder) in done.stderr, done.stderr)


def refused_directories():
    with Folder() as folder:
        file = folder / 'file'
        file.write_text('')
        for arguments, status, part in (
                ([], 3, '--help'), (['--seconds', '0', folder], 3, '--seconds'),
                (['--seconds', 'x', folder], 3, '--seconds'), (['--fast', folder], 3, '--fast'),
                ([file], 4, 'is no directory'), ([folder / 'absent'], 4, 'is no directory'),
                (['--svg', folder / 'no/disk.svg', *SHORT, folder], 4, 'disk.svg')):
            done = walbench(*arguments)
            check_equal(done.returncode, status, f'{done}')
            last = done.stderr.splitlines()[-1]
            check(last.startswith('walbench: ') and part in last, f'{part!r} in {done.stderr}')
        file.unlink()
    done = walbench('--help')
    check_equal(done.returncode, 0, 'help')
    check('Examples:' in done.stdout and 'Exit status:' in done.stdout, done.stdout)


def beside_a_log():
    """Not in a log, not beside one that is being written; beside one that nobody has open."""
    with Scratch() as s:
        flow = s.file('flow.json', commands(('a', 'echo > started; while [ ! -e go ]; do sleep 0.02; '
                                                  'done')))
        running = s.start('run', flow)
        wait_for(lambda: (s.path / 'started').exists(), 'the task runs')
        done = walbench(*SHORT, s.dir)
        check_equal(done.returncode, 5, f'in use: {done}')
        check(f'process {running.pid}' in done.stderr, f'names the process: {done.stderr}')
        (s.path / 'go').write_text('')
        running.communicate(timeout=60)
        done = walbench(*SHORT, s.dir / 'wal')
        check_equal(done.returncode, 2, f'a log: {done}')
        check('is a log' in done.stderr and '/..' in done.stderr, done.stderr)
        before = sorted(s.dir.rglob('*'))
        check_equal(walbench(*SHORT, s.dir).returncode, 0, 'beside a log')
        check_equal(sorted(s.dir.rglob('*')), before, 'the directory is as it was')


def ended_early():
    with Folder() as folder:
        for sent, status in ((signal.SIGTERM, 130), (signal.SIGKILL, -signal.SIGKILL)):
            running = subprocess.Popen([WALBENCH, '--seconds', '60', str(folder)], text=True,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            wait_for(lambda: list(folder.iterdir()), 'it has begun')
            running.stderr.readline()
            running.send_signal(sent)
            out, errors = running.communicate(timeout=60)
            check_equal(running.returncode, status, errors)
            check_equal(out, '', 'no half report')
        check_equal(len(list(folder.iterdir())), 1, 'a killed run leaves its folder')
        measured(folder)  # and the next one removes it


whole_report()
tables()
without_io_uring()
without_direct_io()
no_room()
refused_directories()
beside_a_log()
ended_early()
finish()
