#!/usr/bin/env python3
"""SIGKILL at random moments: the same command goes on, and everything is recorded exactly once."""
import json
import time

from harness import (DIAMONDS, INSTANCES, Scratch, check, check_equal, finish, kill_and_collect,
                     seeded_random)
from log_checks import check_log

KILLS = 20
RECORDED = {'montage-chameleon-2mass-015d-001.json': 0.004, 'seismology-chameleon-900p-001.json': 0.004}


def run_until_killed(s, arguments, delay):
    """Starts stet and kills it after `delay`.  False when it had ended by itself."""
    process = s.start('run', *arguments)
    time.sleep(delay)
    ended = process.poll() is not None
    kill_and_collect(process)
    if ended:
        check_equal(process.returncode, 0, 'stet that ended by itself')
    return not ended


def kill_often(s, file, scale, random):
    specification = json.loads(file.read_text())['workflow']['specification']['tasks']
    parents = {t['id']: t['parents'] for t in specification}
    kills = lost = executions = 0
    while kills < KILLS:
        executions += 1
        arguments = ['--format', 'wfformat', '--time-scale', scale, '--workers', 8, '--quiet',
                     '--key', f'k{executions}', file]
        while kills < KILLS and run_until_killed(s, arguments, random.uniform(0.01, 0.4)):
            kills += 1
            if not any((s.dir / 'wal').glob('*.wal')):
                continue  # killed before it had a log
            status, said = s.verify()
            check(status in (0, 1), f'walinspect verify after kill {kills}: exit {status}\n{said}')
        status, report = s.report(*arguments)
        check_equal((status, report['state']), (0, 'completed'), f'{file.name}: the same command')
        check_equal(report['counts']['completed'], len(specification), f'{file.name}: completed')
        lost += check_log(s, parents, report)
    print(f'{file.name}: {kills} kills, {executions} executions, {lost} attempts lost', flush=True)
    check(lost > 0, 'a kill in the middle loses attempts')


def main():
    random = seeded_random()
    files = {DIAMONDS: 0.01}
    if INSTANCES.is_dir():
        files |= {INSTANCES / name: scale for name, scale in RECORDED.items()}
    else:
        print(f'{INSTANCES} is not there: no recorded workflows to kill')
    for file, scale in files.items():
        with Scratch() as s:
            kill_often(s, file, scale, random)


main()
finish()
