#!/usr/bin/env python3
"""Each recorded workflow of WfInstances completes, its tasks in order."""
import json
import sys

from harness import INSTANCES, SKIPPED, STATES, Scratch, check, check_equal, finish
from log_checks import check_log


def main():
    if not INSTANCES.is_dir():
        print(f'SKIPPED: {INSTANCES} is not there: no recorded workflows to run')
        sys.exit(SKIPPED)
    files = sorted(INSTANCES.glob('*.json'))
    check_equal(len(files), 6, 'files')
    for file in files:
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
