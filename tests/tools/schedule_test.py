#!/usr/bin/env python3
"""Schedules at the shell: created, listed, fired by whoever runs the directory, and forgotten."""
import json
import signal

from harness import Scratch, check, check_equal, commands, finish, one_line_error, wait_for


def answer(s, *arguments, status=0):
    """The JSON of a command."""
    done = s.stet(*arguments, '--json')
    check_equal(done.returncode, status, f'{arguments}: {done.stdout}{done.stderr}')
    return json.loads(done.stdout)


def listed(s):
    return {one['schedule']: one for one in answer(s, 'schedule ls')['schedules']}


def at_rest():
    """A directory may begin with a schedule; nothing fires while nobody runs it."""
    with Scratch() as s:
        report = s.file('report.json', commands(('a', 'cat "$STET_INPUT" >> fired')))
        made = answer(s, 'schedule create', 'nightly', report, '--cron', '0 3 * * *',
                      '--zone', 'Europe/Berlin', '--input', '{"n":1}', '--misfire', 'catch_up')
        check_equal((made['schedule'], made['misfire'], made['served_by']), ('nightly', 'catch_up', None), 'made')
        check_equal(len(made['next']), 5, 'next times')
        check(made['seq'] > 0, 'the event that did it')
        check_equal(answer(s, 'schedule create', 'nightly', report, '--cron', '0 3 * * *', '--zone', 'Europe/Berlin',
                           '--input', '{"n":1}', '--misfire', 'catch_up')['started'], 0, 'once more: the same')
        one_line_error(s.stet('schedule create', 'nightly', report, '--every', '1h'), 2, 'remove it first')
        text = s.stet('schedule ls').stdout
        check('nightly' in text and '0 3 * * *' in text and 'no process executes' in text, text)
        check('paused' in s.stet('schedule pause', 'nightly').stdout, 'paused')
        check_equal(listed(s)['nightly']['paused'], True, 'paused')
        check('goes on' in s.stet('schedule resume', 'nightly').stdout, 'resumed')
        answer(s, 'schedule trigger', 'nightly')
        check_equal(len(listed(s)['nightly']['waiting']), 1, 'it waits for a process')
        check_equal(s.stet('run', s.file('flow.json', commands(('b', 'sleep 1')))).returncode, 0, 'one runs')
        check_equal((s.path / 'fired').read_text(), '{"n":1}', 'it has fired')
        check_equal(listed(s)['nightly']['started'], 1, 'counted')
        check('forgotten' in s.stet('schedule rm', 'nightly').stdout, 'removed')
        check_equal(s.stet('schedule ls').stdout, 'no schedules\n', 'none is left')
        one_line_error(s.stet('schedule trigger', 'nightly'), 2, 'nightly')


def live():
    """While another process runs the directory it is asked."""
    with Scratch() as s:
        flow = s.file('flow.json', commands(('a', 'touch started; exec sleep 60')))
        runner = s.start('run', flow)
        wait_for((s.path / 'started').exists, 'it runs')
        tick = s.file('tick.yaml', 'name: tick\ntasks:\n  - {id: t, run: "echo x >> ticks"}\n')
        made = answer(s, 'schedule create', 'tick', tick, '--every', '100ms', '--overlap', 'allow')
        check_equal(made['served_by'], runner.pid, 'asked')
        wait_for(lambda: (s.path / 'ticks').exists() and len((s.path / 'ticks').read_text()) >= 6, 'it fires')
        check(answer(s, 'schedule pause', 'tick')['started'] >= 3, 'paused')
        keys = [e['execution'] for e in answer(s, 'ls')['executions']]
        check(any(key.startswith('tick/20') for key in keys), f'{keys}')
        runner.send_signal(signal.SIGINT)
        runner.communicate()


def refusals():
    with Scratch() as s:
        good = s.file('good.json', commands(('a', 'true')))
        bad = s.file('bad.json', '{"tasks": [{"id": "a", "run": "true", "colour": 1}]}')
        one_line_error(s.stet('schedule create', 'x', bad, '--every', '1h'), 2, 'bad.json:1:', 'colour')
        one_line_error(s.stet('schedule create', 'x', good, '--every', 'often'), 2, '--every')
        one_line_error(s.stet('schedule create', 'x', good, '--misfire', 'panic'), 2, '--misfire')
        one_line_error(s.stet('schedule create', 'x', good, '--overlap', 'maybe'), 2, '--overlap')
        check(not s.dir.exists(), 'nothing was made')
        one_line_error(s.stet('schedule create', 'x', good), 2, 'cron')
        one_line_error(s.stet('schedule create', 'x', good, '--cron', '61 * * * *'), 2, '61')
        one_line_error(s.stet('schedule create', 'x', good, '--cron', '@daily', '--zone', 'Moon/Base'), 2, 'Moon/Base')
        one_line_error(s.stet('schedule'), 2)
        answer(s, 'schedule create', 'x', good, '--cron', '@daily', '--paused')
        one_line_error(s.stet('schedule backfill', 'x', 'yesterday', 'today'), 2, 'yesterday')
        filled = answer(s, 'schedule backfill', 'x', '2026-11-01T00:00:00Z', '2026-11-03T00:00:00Z')
        check_equal(len(filled['waiting']), 3, 'three days')


for case in [at_rest, live, refusals]:
    print(case.__name__, flush=True)
    case()
finish()
