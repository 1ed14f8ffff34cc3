#!/usr/bin/env python3
"""Operators at the shell: of a workflow that runs, through its socket, and of a directory that nobody runs."""
import fcntl
import json
import os
import signal
import socket
import stat
import threading

from harness import Scratch, check, check_equal, commands, finish, one_line_error, wait_for


def until(name):
    return f'while [ ! -e {name} ]; do sleep 0.01; done'


def answer(s, *arguments, status=0):
    """The JSON of a command."""
    done = s.stet(*arguments, '--json')
    check_equal(done.returncode, status, f'{arguments}: {done.stdout}{done.stderr}')
    return json.loads(done.stdout)


def task_state(s, execution, task):
    return json.loads(s.stet('show', execution, '--json').stdout)['tasks'][task]['state']


def touch(s, name):
    (s.path / name).touch()


def paused_live():
    """Pause, explain and resume what another process runs."""
    with Scratch() as s:
        flow = s.file('flow.json', commands(('a', 'touch started; ' + until('go')), ('b', 'true', ['a'])))
        runner = s.start('run', flow)
        wait_for((s.path / 'started').exists, 'a starts')
        path = s.dir / 'control.sock'
        check_equal(stat.S_IMODE(path.stat().st_mode), 0o600, 'only the owner may ask')
        paused = answer(s, 'pause', 'fl')
        check_equal((paused['execution'], paused['paused'], paused['served_by']),
                    ('flow', True, runner.pid), 'paused')
        check(paused['seq'] > 0, 'the event that did it')
        one_line_error(s.stet('pause', 'flow'), 2, 'paused already')
        check_equal(answer(s, 'pause', 'flow', status=2)['error']['code'], 'already_paused', 'typed')
        touch(s, 'go')
        wait_for(lambda: task_state(s, 'flow', 'a') == 'completed', 'what runs goes on')
        why = answer(s, 'why', 'flow')
        check_equal([(w['task'], w['kind']) for w in why['waits']], [('b', 'execution_paused')], 'why')
        check('b' in s.stet('why', 'flow').stdout, 'why as text')
        check('paused' in s.stet('ls').stdout and '(paused)' in s.stet('show', 'flow').stdout, 'seen')
        check_equal(answer(s, 'priority', 'flow', '7')['priority'], 7, 'priority')
        many(s)
        strange(path)
        check('goes on' in s.stet('resume', 'flow').stdout, 'resumed')
        runner.communicate()
        check_equal(runner.returncode, 0, 'and it ends')
        check(not path.exists(), 'the socket goes with its process')


def many(s):
    """Operators do not stand in each other's way."""
    found = []
    threads = [threading.Thread(target=lambda: found.append(answer(s, 'why', 'flow')['open_tasks']))
               for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check_equal(found, [1] * 4, 'answers to many')


def strange(path):
    """Whoever talks nonsense is told so, and harms nobody."""
    with socket.socket(socket.AF_UNIX) as silent, socket.socket(socket.AF_UNIX) as loud:
        silent.connect(str(path))
        loud.connect(str(path))
        loud.sendall(b'nonsense\n[]\n{"action": "explode"}\n{"action": "purge", "execution": "flow"}\n')
        lines = loud.makefile()
        for what in ['one JSON object', 'one JSON object', 'no action', 'cancel it first']:
            message = json.loads(lines.readline())['error']['message']
            check(what in message, f'{what!r} in {message!r}')
        try:
            loud.sendall(b'x' * (9 << 20))
            check_equal(lines.readline(), '', 'a line without end is not read')
        except (BrokenPipeError, ConnectionResetError):
            pass


def cancelled_live():
    with Scratch() as s:
        flow = s.file('flow.json', commands(('a', 'touch started; exec sleep 60'), ('b', 'true', ['a'])))
        runner = s.start('run', flow)
        wait_for((s.path / 'started').exists, 'a starts')
        check('cancellation requested' in s.stet('cancel', 'flow').stdout, 'cancelled')
        runner.communicate()
        check_equal(runner.returncode, 1, 'it ends otherwise')
        check_equal(answer(s, 'show', 'flow')['state'], 'cancelled', 'state')
        one_line_error(s.stet('cancel', 'flow'), 2, 'cancelled')


def dead_letters():
    """Requeued by hand while nobody runs it; the next run goes on."""
    with Scratch() as s:
        flow = s.file('flow.json', commands(
            {'id': 'a', 'run': '[ -e go ] || { echo no go >&2; exit 3; }',
             'retry': {'max_attempts': 2, 'backoff': {'kind': 'fixed', 'base': '1ms', 'jitter': 0}}},
            ('b', 'true', ['a'])))
        check_equal(s.stet('run', flow).returncode, 1, 'it fails')
        letters = answer(s, 'dead ls')['dead_letters']
        check_equal([(d['execution'], d['task'], d['attempts']) for d in letters],
                    [('flow', 'a', 2)], 'dead letters')
        check('no go' in s.stet('dead ls').stdout, 'as text')
        shown = answer(s, 'dead show', 'flow', 'a')
        check_equal([(h['attempt'], h['outcome']) for h in shown['history']],
                    [(1, 'failure'), (2, 'failure')], 'history')
        check('no go' in shown['history'][0]['error'] and shown['input'] == 'null', 'what it had')
        check('ATTEMPT' in s.stet('dead show', 'flow', 'a').stdout, 'history as text')
        one_line_error(s.stet('dead show', 'flow', 'b'), 2, 'no dead letter', 'stet dead ls')
        one_line_error(s.stet('dead requeue', 'flow', 'b'), 2, 'no dead letter')
        touch(s, 'go')
        requeued = answer(s, 'dead requeue', 'flow', 'a')
        check_equal((requeued['state'], requeued['served_by']), ('running', None), 'requeued')
        check_equal(answer(s, 'why', 'flow')['waits'][0]['kind'], 'no_runner', 'nobody runs it')
        check_equal(s.stet('run', flow).returncode, 0, 'the same command goes on')
        check_equal(answer(s, 'dead ls')['dead_letters'], [], 'no letter is left')


def retried():
    """Retried in the foreground; then what is left is dropped and forgotten."""
    with Scratch() as s:
        flow = s.file('flow.json', commands(('a', '[ -e go ]'), ('b', 'true', ['a']), ('c', 'echo x >> c')))
        check_equal(s.stet('run', flow).returncode, 1, 'it fails')
        check_equal(s.stet('retry', 'flow', '--run').returncode, 1, 'and again')
        touch(s, 'go')
        done = s.stet('retry', 'flow', '--run', '--json')
        check_equal((done.returncode, json.loads(done.stdout)['state']), (0, 'completed'), 'retried')
        check_equal((s.path / 'c').read_text(), 'x\n', 'what completed is not done again')
        one_line_error(s.stet('retry', 'flow'), 2, 'no task of it failed')
        before = answer(s, 'ls')['seq']
        check('--yes' in s.stet('purge', 'flow').stdout, 'a preview')
        check_equal(answer(s, 'purge', 'flow')['seq'], None, 'a preview as JSON')
        check_equal(len(answer(s, 'ls')['executions']), 1, 'nothing is lost without --yes')
        check(answer(s, 'purge', 'flow', '--yes')['seq'] > before, 'purged')
        check_equal(answer(s, 'ls')['executions'], [], 'it is gone')
        one_line_error(s.stet('run', flow), 2, 'was purged')


def dropped():
    with Scratch() as s:
        flow = s.file('flow.json', commands(('a', 'false')))
        s.stet('run', flow)
        check('--yes' in s.stet('dead drop', 'flow', 'a').stdout, 'a preview')
        check_equal(len(answer(s, 'dead ls')['dead_letters']), 1, 'it is still there')
        check_equal(s.stet('dead drop', 'flow', 'a', '--yes').returncode, 0, 'dropped')
        check_equal(s.stet('dead ls').stdout, 'no dead letters\n', 'none is left')
        one_line_error(s.stet('dead drop', 'flow', 'a', '--yes'), 2, 'no dead letter')


def paused_at_rest():
    """What nobody runs can be paused; a run then waits until it is resumed."""
    with Scratch() as s:
        check_equal(s.stet('run', s.file('first.json', commands(('a', 'true')))).returncode, 0, 'made')
        check_equal(answer(s, 'pause', '--all')['paused'], True, 'the engine')
        check_equal(answer(s, 'pause', '--activity', 'command')['activity'], 'command', 'an activity')
        runner = s.start('run', s.file('flow.json', commands(('a', 'true'))))
        wait_for((s.dir / 'control.sock').exists, 'it runs')
        wait_for(lambda: 'flow' in s.stet('ls').stdout, 'it has begun')
        for command, kind in [(['resume', '--all'], 'engine_paused'),
                              (['resume', '--activity', 'command'], 'activity_paused')]:
            check_equal([w['kind'] for w in answer(s, 'why', 'flow')['waits']], [kind], kind)
            check_equal(answer(s, *command)['served_by'], runner.pid, f'{command}')
        runner.communicate()
        check_equal(runner.returncode, 0, 'it goes on')


def signalled():
    """A task waits for what an operator sends: while it runs, and before anybody runs it."""
    with Scratch() as s:
        flow = s.file('flow.json', {'tasks': [
            {'id': 'wait', 'signal': {'name': 'go'}},
            {'id': 'more', 'signal': {'name': 'go'}, 'after': ['wait']},
            {'id': 'say', 'run': 'cat "$STET_OUTPUT_MORE" > said', 'after': ['more']}]})
        runner = s.start('run', flow)
        wait_for((s.dir / 'control.sock').exists, 'it runs')
        wait_for(lambda: 'flow' in s.stet('ls').stdout, 'it has begun')
        wait_for(lambda: task_state(s, 'flow', 'wait') == 'running', 'it waits')
        waits = answer(s, 'why', 'flow')['waits']
        check_equal((waits[0]['kind'], waits[0]['on']), ('signal', ['go']), 'why')
        sent = answer(s, 'signal', 'flow', 'go', '1', '--id', 'one')
        check_equal((sent['signal'], sent['served_by']), ('go', runner.pid), 'sent')
        check_equal(answer(s, 'signal', 'flow', 'go', '--id', 'one')['seq'], sent['seq'], 'sent once')
        wait_for(lambda: task_state(s, 'flow', 'wait') == 'completed', 'it came')
        runner.send_signal(signal.SIGINT)
        runner.communicate()
        payload = json.dumps({'text': 'x' * 200000})
        (s.path / 'large.json').write_text(payload)
        check('got signal go' in s.stet('signal', 'flow', 'go', '@large.json').stdout, 'kept')
        check_equal(s.stet('run', flow).returncode, 0, 'taken by the next run')
        check_equal((s.path / 'said').read_text(), payload, 'what it carried')
        one_line_error(s.stet('signal', 'flow', 'go'), 2, 'has ended')
        one_line_error(s.stet('signal', 'flow', 'go', '{'), 2, 'JSON')
        one_line_error(s.stet('signal', 'nobody', 'go'), 2, 'nobody')


def waiting():
    """A task that sleeps, one that runs another workflow, and a start that is delayed."""
    with Scratch() as s:
        s.file('child.json', commands(('last', 'cat "$STET_INPUT"; echo -n !'), name='child'))
        flow = s.file('flow.json', {'tasks': [
            {'id': 'nap', 'sleep': '50ms'},
            {'id': 'call', 'workflow': {'name': 'child', 'input': {'pointer': '/a'}}, 'after': ['nap']},
            {'id': 'say', 'run': 'cat "$STET_OUTPUT_CALL" > said', 'after': ['call']}]})
        done, report = s.report(flow, '--with', 'child.json', '--delay', '100ms', '--input', '{"a": [1]}')
        check_equal((done, report['state']), (0, 'completed'), f'{report}')
        check_equal((s.path / 'said').read_text(), '[1]!', 'what it came to')
        executions = answer(s, 'ls')['executions']
        check_equal([e['parent'] for e in executions], [None, executions[0]['id']], 'its child')
        one_line_error(s.stet('run', flow, '--new', '--delay', 'soon'), 2, '--delay')


def refusals():
    with Scratch() as s:
        one_line_error(s.stet('pause', 'x'), 2, 'no directory of stet')
        s.stet('run', s.file('one.json', commands(('a', 'true'))))
        s.stet('run', s.file('two.json', commands(('a', 'true'))), '--key', 'ones')
        one_line_error(s.stet('why', 'nobody'), 2, 'nobody')
        one_line_error(s.stet('cancel', 'o'), 2, 'stands for 2 executions', 'one, ones')
        one_line_error(s.stet('pause'), 2, 'EXEC, --activity NAME or --all')
        one_line_error(s.stet('pause', 'one', '--all'), 2)
        one_line_error(s.stet('priority', 'one', 'high'), 2)
        one_line_error(s.stet('dead'), 2)
        # Somebody holds it and says nothing.
        held = os.open(s.dir, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(held, fcntl.LOCK_EX)
        one_line_error(s.stet('retry', 'one'), 5, 'has not answered')
        os.close(held)


def breakers():
    """A breaker counts what fails in a row; it can be seen and closed."""
    with Scratch() as s:
        flow = s.file('flow.json', commands({'id': 'a', 'run': 'exit 3', 'breaker': 'bank'}))
        for flag, why in (('bank', 'no ='), ('=5,30s', 'no name'), ('bank=5', 'no cooldown'),
                          ('bank=0,30s', 'failures: a whole number from 1'),
                          ('bank=5,0s', 'a duration longer than 0')):
            one_line_error(s.stet('run', flow, '--breaker', flag), 2, why)
        check_equal(s.stet('run', flow, '--breaker', 'bank=5,30s').returncode, 1, 'it fails')
        listed = answer(s, 'breaker ls')['breakers']
        check_equal([(b['name'], b['state'], b['failures'], b['until']) for b in listed],
                    [('bank', 'closed', 1, None)], 'one failure')
        check_equal(s.stet('run', flow, '--new', '--breaker', 'bank=2,30s').returncode, 1, 'again')
        check_equal(answer(s, 'breaker ls')['breakers'][0]['state'], 'open', 'open')
        check('bank' in s.stet('breaker ls').stdout, 'as text')
        reset = answer(s, 'breaker reset', 'bank')
        check_equal((reset['action'], reset['breaker']), ('breaker_reset', 'bank'), 'reset')
        check_equal(answer(s, 'breaker ls')['breakers'], [], 'closed')
        one_line_error(s.stet('breaker reset', 'bank'), 2, 'has counted a failure')


for case in [paused_live, cancelled_live, dead_letters, retried, dropped, paused_at_rest, signalled, waiting, breakers, refusals]:
    print(case.__name__, flush=True)
    case()
finish()
