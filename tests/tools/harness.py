"""What the end-to-end tests of stet share: a scratch folder, the tools, and checks that count."""
import json
import os
import pathlib
import random
import signal
import shutil
import subprocess
import sys
import tempfile
import time

STET = os.environ['STET_EXE']
WALINSPECT = os.environ['WALINSPECT_EXE']
SOURCE = pathlib.Path(os.environ['SOURCE_ROOT'])
INSTANCES = SOURCE.parent / 'shared/data/wfinstances'
if not INSTANCES.is_dir():
    INSTANCES = SOURCE.parents[1] / 'shared/data/wfinstances'
DIAMONDS = SOURCE / 'tests/tools/fixtures/diamonds.json'
SKIPPED = 77  # the exit status of a test that left something out

STATES = ['pending', 'ready', 'running', 'retrying', 'completed', 'failed', 'skipped', 'cancelled',
          'dead_lettered']

failures = []
skipped = []


def check(condition, what):
    if not condition:
        failures.append(what)
        print(f'FAILED: {what}', flush=True)
    return condition


def check_equal(actual, expected, what):
    return check(actual == expected, f'{what}: expected {expected!r}, is {actual!r}')


def skip(what):
    skipped.append(what)
    print(f'SKIPPED: {what}', flush=True)


def finish():
    print(f'{len(failures)} failed checks, {len(skipped)} skipped')
    sys.exit(1 if failures else SKIPPED if skipped else 0)


def seeded_random():
    """Random numbers whose seed is printed, and taken from STET_SEED."""
    seed = int(os.environ.get('STET_SEED', time.time_ns() % 1_000_000))
    print(f'STET_SEED={seed}', flush=True)
    return random.Random(seed)


def unmount(path):
    """The kernel closes the files of a ring some time after the process that had it is gone."""
    for _ in range(100):
        done = subprocess.run(['umount', str(path)], capture_output=True, text=True)
        if done.returncode == 0:
            return
        time.sleep(0.1)
    raise RuntimeError(done.stderr)


class Scratch:
    """A folder that goes away, and the tools run in it."""

    def __enter__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix='stet-test-'))
        self.dir = self.path / 'd'
        return self

    def __exit__(self, *error):
        shutil.rmtree(self.path, ignore_errors=True)

    def file(self, name, content):
        """Writes a file; anything but text becomes JSON."""
        path = self.path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    def command(self, name, *arguments):
        where = [] if name in ('validate', 'graph', 'schema') else ['--dir', str(self.dir)]
        return [STET, *name.split(), *where, *map(str, arguments)]

    def environment(self, extra=None):
        return {**{k: v for k, v in os.environ.items() if not k.startswith('STET_')}, **(extra or {})}

    def stet(self, name, *arguments, env=None, timeout=120):
        return subprocess.run(self.command(name, *arguments), cwd=self.path, text=True,
                              env=self.environment(env), capture_output=True, timeout=timeout)

    def start(self, name, *arguments, env=None):
        return subprocess.Popen(self.command(name, *arguments), cwd=self.path, text=True,
                                env=self.environment(env), stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    def report(self, *arguments, **options):
        """The JSON of a run that must print it."""
        done = self.stet('run', '--json', *arguments, **options)
        try:
            return done.returncode, json.loads(done.stdout)
        except json.JSONDecodeError:
            check(False, f'run {arguments} prints no JSON: exit {done.returncode}\n{done.stdout}'
                         f'\n{done.stderr[-2000:]}')
            finish()

    def verify(self):
        done = subprocess.run([WALINSPECT, 'verify', str(self.dir)], text=True, capture_output=True)
        return done.returncode, done.stdout + done.stderr

    def events(self):
        """Every event of the log, oldest first."""
        done = subprocess.run([WALINSPECT, 'dump', '--json', str(self.dir)], text=True,
                              capture_output=True)
        check_equal(done.returncode, 0, f'walinspect dump: {done.stderr}')
        return [json.loads(line) for line in done.stdout.splitlines()]


def one_line_error(done, status, *parts):
    """A refused command: its exit status, and one line that holds `parts`."""
    what = f'{done.args[1:]}: stdout {done.stdout!r}, stderr {done.stderr!r}'
    check_equal(done.returncode, status, what)
    lines = done.stderr.splitlines()
    check(len(lines) == 1 and lines[0].startswith('stet: '), f'one line of error: {what}')
    for part in parts:
        check(part in done.stderr, f'{part!r} in {what}')


def commands(*tasks, **more):
    """A workflow of shell commands: (id, text) or (id, text, [after]) or a dict."""
    made = []
    for task in tasks:
        if not isinstance(task, dict):
            task = {'id': task[0], 'run': task[1], 'after': list(task[2]) if len(task) > 2 else []}
        made.append(task)
    return {'tasks': made, **more}


def wait_for(condition, what, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    check(False, f'timed out: {what}')
    return False


def kill_and_collect(process):
    process.send_signal(signal.SIGKILL)
    process.communicate()
