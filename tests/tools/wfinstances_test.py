#!/usr/bin/env python3
"""Our own workflow in WfFormat, and each recorded one of WfInstances, completes, its tasks in order."""
import json

from harness import DIAMONDS, INSTANCES, STATES, Scratch, check, check_equal, finish
from log_checks import check_log


def main():
    recorded = sorted(INSTANCES.glob('*.json'))
    if INSTANCES.is_dir():
        check_equal(len(recorded), 6, 'files')
    else:
        print(f'{INSTANCES} is not there: no recorded workflows to run')
    for file in [DIAMONDS, *recorded]:
        specification = json.loads(file.read_text())['workflow']['specification']['tasks']
        with Scratch() as s:
            status, report = s.report('--format', 'wfformat', '--time-scale', '0.001', '--workers', '8',
                                      file)
            check_equal(status, 0, file.name)
            expected = {state: 0 for state in STATES} | {'completed': len(specification)}
            check_equal(report['counts'], expected, f'{file.name}: counts')
            check_equal(list(report['tasks']), [t['id'] for t in specification], f'{file.name}: ids')
            check_log(s, {t['id']: t['parents'] for t in specification}, report)
            check_equal(s.verify()[0], 0, f'{file.name}: walinspect verify')
            print(f'{file.name}: {len(specification)} tasks', flush=True)


main()
finish()
