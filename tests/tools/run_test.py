#!/usr/bin/env python3
"""stet run from outside: results, exit statuses, keys, JSON, resumption."""
import fcntl
import json
import pathlib
import signal
import subprocess
import time

from harness import (STATES, STET, Scratch, check, check_equal, commands, finish, one_line_error,
                     wait_for)


def completes():
    with Scratch() as s:
        flow = s.file('flow.json', commands(
            ('a', 'echo \'{"list": ["x y", 7]}\'; echo note >&2'),
            ('b', 'cat "$STET_OUTPUT_A"; cat "$STET_INPUT"; echo "$WHO"', ['a']),
            {'id': 'c', 'command': ['printf', '%s|', '${tasks.a.output/list/0}', '$HOME', '*'],
             'after': ['a']},
            env_task(), name='first'))
        status, report = s.report(flow, '--input', '{"n": 1}', env={'WHO': 'me'})
        check_equal(status, 0, 'completed')
        check_equal(list(report), ['execution', 'id', 'workflow', 'state', 'tasks', 'counts', 'seq',
                                   'recovered', 'mode'], 'keys of the report')
        check_equal(report['execution'], 'first', 'key')
        check_equal(report['counts'], {k: 4 if k == 'completed' else 0 for k in STATES}, 'counts')
        check_equal(report['mode'], 'commit', 'mode')
        task = report['tasks']['a']
        check_equal(task['attempts'], 1, 'attempts')
        check(task['started_at'].endswith('Z') and task['finished_at'] >= task['started_at'], 'times')
        check_equal(task['error'], None, 'error')
        logs = s.dir / 'logs' / report['id']
        out = {p.name.split('.')[0]: p.read_text() for p in logs.glob('*.out')}
        check_equal(out['b'], '{"list": ["x y", 7]}\n{"n": 1}me\n', 'files and environment')
        check_equal(out['c'], 'x y|$HOME|*|', 'a reference is one argument')
        check_equal(out['e'], 'set in-the-file 1\n', 'environment of a task')
        check_equal([p.read_text() for p in logs.glob('a.*.err')], ['note\n'], 'standard error')
        check_equal(list((s.dir / 'run').iterdir()), [], 'nothing is left in run/')
        shows_what_ran(s, report)
        repeats(s, flow, report)


def env_task():
    return {'id': 'e', 'run': 'echo "$A $B $STET_ATTEMPT"', 'env': {'A': 'set', 'B': 'in-the-file'}}


def shows_what_ran(s, report):
    listed = json.loads(s.stet('ls', '--json').stdout)
    check_equal([e['execution'] for e in listed['executions']], ['first'], 'ls')
    for name in ['first', report['id'], 'fir']:
        shown = json.loads(s.stet('show', name, '--json').stdout)
        check_equal(shown['tasks'], report['tasks'], f'show {name}')
    check('first' in s.stet('ls').stdout, 'ls as text')
    check('completed' in s.stet('show', 'first').stdout, 'show as text')
    one_line_error(s.stet('show', 'nobody'), 2, 'nobody')


def repeats(s, flow, first):
    """The finished execution is only reported; other definitions and inputs are refused."""
    before = sorted((p, p.stat().st_mtime_ns) for p in (s.dir / 'wal').iterdir())
    status, again = s.report(flow, '--input', '{"n": 1}')
    check_equal((status, again['tasks'], again['seq']), (0, first['tasks'], first['seq']), 'stored')
    other = s.file('other.json', commands(('a', 'true'), name='first'))
    one_line_error(s.stet('run', other), 2, 'pinned', '--new')
    check_equal(sorted((p, p.stat().st_mtime_ns) for p in (s.dir / 'wal').iterdir()), before,
                'nothing is written for a stored report or a refusal')
    one_line_error(s.stet('run', flow, '--input', '{"n": 2}'), 2, 'input')
    check_equal(s.stet('run', other, '--pinned').returncode, 0, 'pinned')
    status, new = s.report(flow, '--new')
    check_equal((status, new['execution']), (0, 'first#2'), '--new')
    status, keyed = s.report(other, '--key', 'mine')
    check_equal((status, keyed['execution']), (0, 'mine'), '--key')


def fails():
    with Scratch() as s:
        flow = s.file('flow.json', commands(
            ('a', 'echo reason >&2; exit 3'), ('b', 'true', ['a']), ('c', 'kill -9 $$'),
            {'id': 'd', 'command': ['no-such-program']},
            {'id': 'r', 'run': '[ "$STET_ATTEMPT" = 3 ]',
             'retry': {'max_attempts': 3, 'backoff': {'kind': 'fixed', 'base': '10ms', 'jitter': 0}}},
            {'id': 't', 'run': 'sleep 60', 'timeout': '200ms'}))
        status, report = s.report(flow)
        tasks = report['tasks']
        check_equal((status, report['state']), (1, 'failed'), 'failed')
        check_equal(tasks['b']['state'], 'skipped', 'dependents are skipped')
        check(tasks['a']['state'] in ('failed', 'dead_lettered'), 'a failed task')
        check('exit status 3' in tasks['a']['error'] and 'reason' in tasks['a']['error'], tasks['a'])
        check('signal 9' in tasks['c']['error'], tasks['c'])
        check('no-such-program' in tasks['d']['error'], tasks['d'])
        check_equal((tasks['r']['state'], tasks['r']['attempts']), ('completed', 3), 'retried')
        check_equal(tasks['r']['error'], None, 'what it has got over')
        check(tasks['t']['state'] in ('failed', 'dead_lettered'), f'timeout: {tasks["t"]}')
        done = s.stet('run', flow)
        check_equal(done.returncode, 1, 'the stored failure')
        check('after 1 attempt: exit status 3' in done.stdout, 'the summary says why')
        shown = s.stet('show', 'flow').stdout
        check('  exit status 3' in shown and 'ABORTED' not in shown, f'show says why: {shown}')
        check('  before: exit status 1' in shown, f'an error got over is told from one: {shown}')
        check_equal(s.stet('run', flow, '--quiet').stdout, '', 'quiet')


def beats():
    """A command is heard of when it prints, on either side."""
    with Scratch() as s:
        beat = {'timeouts': {'heartbeat': '1500ms'}}
        loop = 'for i in 1 2 3 4 5 6 7 8 9; do echo $i{}; sleep 0.2; done'
        flow = s.file('flow.json', commands(
            {'id': 'out', 'run': loop.format(''), **beat},
            {'id': 'err', 'run': loop.format(' >&2'), **beat},
            {'id': 'silent', 'run': 'echo begun; sleep 60', **beat}))
        status, report = s.report(flow)
        tasks = report['tasks']
        check_equal(status, 1, 'one falls silent')
        for task in ('out', 'err'):
            check_equal(tasks[task]['state'], 'completed', f'printing to {task}: {tasks[task]}')
        check('heartbeat timeout' in tasks['silent']['error'], f'silent: {tasks["silent"]}')


def settings():
    with Scratch() as s:
        flow = s.file('flow.json', commands(('a', '[ $STET_ATTEMPT = 2 ]')))
        config = s.file('config.json', {'max_attempts': 2, 'durability': 'os', 'workers': 1})
        status, report = s.report(flow, '--config', config)
        check_equal((status, report['mode'], report['tasks']['a']['attempts']), (0, 'os', 2), 'file')
        _, report = s.report(flow, '--key', 'k', '--config', config,
                             env={'STET_DURABILITY': 'commit'})
        check_equal(report['mode'], 'commit', 'the environment beats the file')
        _, report = s.report(flow, '--key', 'l', '--config', config, '--durability', 'os',
                             env={'STET_DURABILITY': 'commit'})
        check_equal(report['mode'], 'os', 'the flag beats the environment')
        for key, durability in (('w', 'witness'), ('i', 'interval'), ('j', 'interval:5ms,64KiB')):
            _, report = s.report(flow, '--key', key, '--config', config, '--durability', durability)
            check_equal(report['mode'], durability.partition(':')[0], 'each durability')
        for wrong in ('x', 'interval:', 'interval:soon', 'interval:1ms,many', 'witness:1ms'):
            one_line_error(s.stet('run', flow, '--durability', wrong), 2, '--durability')
        one_line_error(s.stet('run', flow, env={'STET_WORKERS': 'many'}), 2, 'STET_WORKERS')
        one_line_error(s.stet('run', flow, env={'STET_LOG_LEVEL': 'loud'}), 2, 'STET_LOG_LEVEL')
        one_line_error(s.stet('run', flow, env={'STET_LOG_JSON': 'yes'}), 2, 'STET_LOG_JSON')
        done = s.stet('run', flow, '--config', config, '--key', 'm', env={'STET_LOG_JSON': '1'})
        lines = [json.loads(line) for line in done.stderr.splitlines()]
        check({'level': 'info', 'task': 'a', 'state': 'completed'} in lines, f'JSON: {lines}')
        done = s.stet('run', flow, '--config', config, '--key', 'n', env={'STET_LOG_LEVEL': 'warn'})
        check_equal(done.stderr, '', 'no progress')
        one_line_error(s.stet('run', flow, '--config', s.file('bad.json', {'x': 1})), 2, '/x')


def interrupted():
    with Scratch() as s:
        flow = s.file('flow.json', commands(
            ('a', 'echo ran >> a.trace'),
            ('b', 'echo try >> b.trace; [ -e go ] || exec sleep 60', ['a']), ('c', 'true', ['b'])))
        for sent in (signal.SIGINT, signal.SIGTERM):
            process = s.start('run', flow, '--json')
            before = len(tries(s))
            wait_for(lambda: len(tries(s)) > before, 'b starts')
            process.send_signal(sent)
            out, _ = process.communicate(timeout=20)
            check_equal(process.returncode, 130, f'exit status at {sent}')
            report = json.loads(out)
            check_equal(report['tasks']['a']['state'], 'completed', 'recorded')
            check(report['tasks']['b']['state'] in ('retrying', 'ready'), report['tasks']['b'])
            check_equal(report['tasks']['b']['lost'], 0, 'an orderly stop loses nothing')
        process = s.start('run', flow, '--new')
        wait_for(lambda: len(tries(s)) > 3, 'b starts in both')  # the unfinished one goes on too
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=20)
        check('the same command with --key "flow#2" for --new goes on' in out, f'--new: {out}')
        s.file('go', '')
        check_equal(s.stet('run', flow, '--key', 'flow#2').returncode, 0, 'as it was told')
        status, report = s.report(flow)
        check_equal((status, report['state']), (0, 'completed'), 'the same command goes on')
        check_equal((s.path / 'a.trace').read_text(), 'ran\n' * 2, 'what was recorded is not run again')


def tries(s):
    trace = s.path / 'b.trace'
    return trace.read_text().splitlines() if trace.exists() else []


def told_late():
    """A stet that waits for old commands holds the directory: the next one is told whom it waits for."""
    with Scratch() as s:
        flow = s.file('flow.json', commands(('a', 'true')))
        (s.dir / 'run').mkdir(parents=True)
        group = s.dir / 'run/old.group'
        group.write_text('a command of an earlier stet')
        with open(group) as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            first = s.start('run', flow)
            wait_for(lambda: holder_of(s.dir) == first.pid, 'the first has the directory')
            done = s.stet('run', flow)
            check_equal(done.returncode, 5, done.stderr)
            lines = done.stderr.splitlines()
            check_equal(len(lines), 2, f'a note and an error: {lines}')
            check('waiting for the lock' in lines[0] and str(first.pid) in lines[0], lines[0])
            check(str(first.pid) in lines[1] and 'wait until it ends' in lines[1], lines[1])
            check(not (s.dir / 'wal').exists(), 'who only waits opens no log')
        out, err = first.communicate(timeout=30)
        check_equal(first.returncode, 0, err)
        # Asked for while it was finished by another: nothing is said to be resumed.
        check('resuming' not in s.stet('run', flow).stderr, 'no stale message')


def holder_of(path):
    inode = path.stat().st_ino
    for line in pathlib.Path('/proc/locks').read_text().splitlines():
        words = line.split()
        if words[1] == 'FLOCK' and words[5].endswith(f':{inode}'):
            return int(words[4])
    return None


def locked():
    with Scratch() as s:
        flow = s.file('flow.json', commands(('a', 'touch started; exec sleep 60')))
        process = s.start('run', flow)
        wait_for((s.path / 'started').exists, 'a starts')
        begin = time.monotonic()
        one_line_error(s.stet('run', flow, '--quiet'), 5, str(process.pid))
        check(time.monotonic() - begin < 10, 'a locked directory is told soon')
        done = s.stet('run', flow, '--json')
        check_equal(json.loads(done.stdout)['error']['code'], 'locked', 'as JSON')
        shown = json.loads(s.stet('show', 'flow', '--json').stdout)
        check_equal(shown['tasks']['a']['state'], 'running', 'reading needs no lock')
        process.send_signal(signal.SIGTERM)
        process.communicate()


def plain_lines():
    with Scratch() as s:
        flow = s.file('flow.json', commands(('a', 'true'), ('b', 'false', ['a'])))
        done = s.stet('run', flow)
        words = [line.split() for line in done.stderr.splitlines()]
        check(['done', 'a'] in words and ['failed', 'b'] in words, f'a line each: {done.stderr!r}')
        check('\033' not in done.stderr + done.stdout, 'no escapes without a terminal')
        check('1 completed' in done.stdout, f'summary: {done.stdout!r}')


def nobody_listens():
    """Where nothing more can be written the work goes on; only a lost report is an error."""
    with Scratch() as s, open('/dev/full', 'w') as full:
        flow = s.file('flow.json', commands(
            *[(f'{"t" * 80}{i}', 'true') for i in range(60)]))
        def run(*arguments, **streams):
            return subprocess.run(s.command(*arguments), cwd=s.path, timeout=60,
                                  env=s.environment(), **streams).returncode
        quiet = subprocess.DEVNULL
        check_equal(run('run', flow, stdout=quiet, stderr=full), 0, 'progress is lost')
        check_equal(run('show', 'flow', stdout=full, stderr=quiet), 4, 'a long report is lost')
        check_equal(run('run', flow, '--json', stdout=full, stderr=quiet), 4, 'as JSON')
        check_equal(run('bogus', stdout=quiet, stderr=full), 2, 'an error is lost')
        check_equal(s.stet('show', 'flow').returncode, 0, 'nothing else is')


def words():
    """Mistakes are named in the words of the user."""
    with Scratch() as s:
        flow = s.file('flow.json', commands(('a', 'true')))
        one_line_error(s.stet('bogus'), 2, '"bogus"', 'run, validate, graph, schema, completion, ls, show')
        one_line_error(s.stet('valdate', flow), 2, 'did you mean validate?')
        one_line_error(subprocess.run([STET], text=True, capture_output=True), 2, 'ls, show')
        one_line_error(s.stet('run', flow, '--wrkers', 3), 2, 'no option "--wrkers"',
                       'did you mean --workers?', 'stet run --help')
        one_line_error(s.stet('show', '--all=1', 'x'), 2, 'no option "--all"', 'stet show --help')
        one_line_error(s.stet('run', flow, 'more'), 2, 'more', 'stet run --help')
        for name in ('xml', '1', 'JSON', ''):
            done = s.stet('run', flow, '--format', name)
            one_line_error(done, 2, 'auto, json, yaml or wfformat', f'"{name}"')
            check('FORMAT' not in done.stderr and '{' not in done.stderr, done.stderr)
        one_line_error(s.stet('run', flow, '--key', ''), 2, '--key is empty')
        one_line_error(s.stet('run', flow, '--key', 'a\nb'), 2, '--key "a\\nb"', '255')
        one_line_error(s.stet('run', flow, '--key', 'k' * 256), 2, '--key', '255')
        one_line_error(s.stet('run', flow, '--input', ''), 2, '--input is empty')
        check(not s.dir.exists(), 'nothing is made for a mistake')
        s.dir.symlink_to(s.dir)
        for name in (['ls'], ['show', 'flow']):
            one_line_error(s.stet(*name), 4, 'cannot read', str(s.dir), 'symbolic links')
        s.dir.unlink()
        done = s.stet('run', flow)
        check('1 task: 1 completed' in done.stdout and '1 attempt,' in done.stdout, done.stdout)
        check('1 task, 0 dependencies' in s.stet('validate', flow).stdout, 'one task')
        end = json.loads(s.stet('ls', '--json').stdout)['seq']
        one_line_error(s.stet('show', 'flow', '--at', end + 1), 2, f'ends at event {end}')
        check_equal(s.stet('show', 'flow', '--at', end).returncode, 0, 'the last event')
        one_line_error(s.stet('show', 'nobody'), 2, 'no execution "nobody"', 'next: stet ls')
        check(f'\nlogs      {s.dir}/logs/' in s.stet('show', 'flow').stdout, 'where the output is')


def references_in_env():
    with Scratch() as s:
        flow = s.file('flow.json', commands(
            ('a', 'echo \'{"n": [1, "$(touch x)"]}\''),
            {'id': 'b', 'run': 'echo "$ALL|$ONE|$TEXT|$PLAIN"', 'after': ['a'],
             'env': {'ALL': '${tasks.a.output}', 'ONE': '<${tasks.a.output/n/0}>',
                     'TEXT': '${tasks.a.output/n/1}', 'PLAIN': '$${tasks.a.output} $HOME'}}))
        check_equal(s.stet('run', flow).returncode, 0, 'references in env')
        check_equal(next((s.dir / 'logs').glob('*/b.*.out')).read_text(),
                    '{"n": [1, "$(touch x)"]}|<1>|$(touch x)|${tasks.a.output} $HOME\n', 'substituted')
        check(not (s.path / 'x').exists(), 'and never program text')
        a = {'id': 'a', 'run': 'true'}
        for tasks, parts in [
                ([a, {'id': 'b', 'run': 'true', 'env': {'X': '${tasks.a.output}'}}],
                 ['/tasks/1/env/X', '"a"', 'after']),
                ([a, {'id': 'b', 'run': 'true', 'env': {'X': '${tasks.a}'}, 'after': ['a']}],
                 ['/tasks/1/env/X', '${tasks.ID.output}']),
                ([a, {'id': 'b', 'run': 'true', 'cwd': '${tasks.a.output}', 'after': ['a']}],
                 ['/tasks/1/cwd', 'env'])]:
            one_line_error(s.stet('validate', s.file('bad.json', {'tasks': tasks})), 2, *parts)
        shared = {'defaults': {'env': {'X': '${tasks.a.output}'}}, 'tasks': [a]}
        one_line_error(s.stet('validate', s.file('bad.json', shared)), 2, '/tasks/0', 'defaults', '"X"')


def usage():
    for arguments in [[], ['nonsense'], ['run'], ['run', '--nonsense'], ['ls', 'x']]:
        done = subprocess.run([STET, *arguments], text=True, capture_output=True)
        one_line_error(done, 2)
    for name in ['serve', 'worker']:
        done = subprocess.run([STET, name, 'x', '--yes'], text=True, capture_output=True)
        one_line_error(done, 2, name, 'not built yet')
    for command in ['', 'run', 'ls', 'show', 'validate', 'why', 'retry', 'cancel', 'pause', 'resume',
                    'priority', 'purge', 'dead', 'dead requeue', 'dead drop', 'snapshot', 'backup', 'restore']:
        arguments = [*command.split(), '--help']
        done = subprocess.run([STET, *arguments], text=True, capture_output=True)
        check(done.returncode == 0 and 'Example' in done.stdout, f'{arguments} shows examples')


for case in [completes, fails, beats, settings, interrupted, told_late, locked, plain_lines,
             nobody_listens, words, references_in_env, usage]:
    print(case.__name__, flush=True)
    case()
finish()
