#!/usr/bin/env python3
"""No command of a killed stet runs while its successor starts one, and none twice that was recorded."""
import collections
import time

from harness import Scratch, check, check_equal, finish, kill_and_collect, seeded_random
from log_checks import check_log

KILLS = 15
WIDTH = 8

# Says in the trace when a command starts and stops, and whether one of another stet lives at that
# moment.  STARTED counts the stets: whose child a supervisor is changes when its stet is killed.
SCRIPT = r'''
while read -r what task pid owner; do
  [ "$what" = start ] && [ "$owner" != "$STARTED" ] && [ -d "/proc/$pid" ] &&
    echo "orphan $task $pid $owner" >> orphans
done < trace
echo "start $STET_TASK $$ $STARTED" >> trace
%s
echo "stop $STET_TASK $$ $STARTED" >> trace
'''
PATIENT = "sleep 0.05"
STUBBORN = "trap '' TERM; sleep 0.1; sleep 0.1"       # Ignores TERM for a while.
SPAWNING = "setsid sleep 0.15 & sleep 0.05; wait"     # Its child leaves the process group.


def workflow():
    tasks = []
    for layer in range(4):
        for i in range(WIDTH):
            body = (PATIENT, STUBBORN, SPAWNING)[i % 3]
            after = [f't{layer - 1}-{k}' for k in (i, (i + 1) % WIDTH)] if layer else []
            tasks.append({'id': f't{layer}-{i}', 'run': SCRIPT % body, 'after': after})
    return {'tasks': tasks, 'defaults': {'retry': {'max_lost': 100}}}


def killed_supervisor():
    """What it leaves behind ends before the next attempt starts."""
    with Scratch() as s:
        script = '[ $STET_ATTEMPT = 2 ] || { (sleep 1; echo left >> trace) & kill -9 $PPID; wait; exit 1; }'
        task = {'id': 'a', 'run': f'{script}; echo again >> trace', 'retry': {'max_attempts': 2}}
        status, report = s.report(s.file('flow.json', {'tasks': [task]}))
        check_equal((status, report['state']), (0, 'completed'), 'the next attempt')
        check_equal((s.path / 'trace').read_text().split(), ['left', 'again'], 'one after the other')
        check_equal(list((s.dir / 'run').iterdir()), [], 'nothing is left in run')


def main():
    random = seeded_random()
    with Scratch() as s:
        flow = workflow()
        file = s.file('flow.json', flow)
        s.file('trace', '')
        kills = executions = started = 0
        while kills < KILLS:
            executions += 1
            arguments = [file, '--workers', 4, '--key', f'k{executions}', '--quiet']
            while kills < KILLS:
                started += 1
                process = s.start('run', *arguments, env={'STARTED': str(started)})
                time.sleep(random.uniform(0.02, 0.8))
                ended = process.poll() is not None
                kill_and_collect(process)
                if ended:
                    break
                kills += 1
            started += 1
            status, report = s.report(*arguments, env={'STARTED': str(started)})
            check_equal((status, report['state']), (0, 'completed'), 'the same command goes on')
            check_log(s, {t['id']: t['after'] for t in flow['tasks']}, report)
        orphans = s.path / 'orphans'
        check(not orphans.exists(), f'orphans: {orphans.read_text() if orphans.exists() else ""}')
        lines = [line.split() for line in (s.path / 'trace').read_text().splitlines()]
        stops = collections.Counter(task for what, task, _, _ in lines if what == 'stop')
        # A stop that the kill kept from being recorded is repeated: at least once each.
        check(all(stops[t['id']] >= executions for t in flow['tasks']), 'every task ran to its end')
        check(s.verify()[0] in (0, 1), 'walinspect verify')
        print(f'{kills} kills, {executions} executions, {len(lines)} lines of trace')


killed_supervisor()
main()
finish()
