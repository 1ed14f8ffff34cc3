#!/usr/bin/env python3
"""Commands that run several times, keep a state, or run for each item of an array."""
import json

from harness import Scratch, check_equal, finish, one_line_error

FLOW = {'tasks': [
    {'id': 'count', 'run': 'n=$(cat $STET_STATE); echo $((n + 1)) | tee $STET_STATE', 'stateful': True,
     'repeat': {'count': 3}},
    {'id': 'list', 'run': "echo '[\"a\", \"b\", \"c\"]'", 'after': ['count']},
    {'id': 'each', 'run': 'cat $STET_INPUT', 'after': ['list'], 'map': {'items': {'task': 'list'}, 'parallelism': 2}},
    {'id': 'poll', 'run': 'echo {\\"done\\": $([ $STET_RUN = 2 ] && echo true || echo false)}',
     'loop': {'max_iterations': 9, 'break_when': {'pointer': '/done'}}},
    {'id': 'end', 'run': 'cat $STET_OUTPUT_COUNT $STET_OUTPUT_EACH $STET_OUTPUT_POLL > out',
     'after': ['count', 'each', 'poll']}]}


with Scratch() as s:
    flow = s.file('flow.json', FLOW)
    status, report = s.report(flow)
    check_equal((status, report['state']), (0, 'completed'), f'{report}')
    check_equal(report['tasks']['count']['attempts'], 3, 'three runs')
    count, rest = (s.path / 'out').read_text().split('\n', 1)
    check_equal(count, '3', 'each run finds the state of the one before')
    each, loop = rest.split(']', 1)
    check_equal(json.loads(each + ']'), ['a', 'b', 'c'], 'a result for each item, in order')
    check_equal(json.loads(loop), {'iterations': 2, 'last': {'done': True}, 'broke_early': True}, 'the loop')
with Scratch() as s:
    bad = {'tasks': [FLOW['tasks'][1] | {'after': []},
                     {'id': 'e', 'command': ['echo', '${tasks.list.output}'], 'after': ['list'],
                      'map': {'items': {'task': 'list'}}}]}
    one_line_error(s.stet('validate', s.file('f.json', bad)), 2, '/tasks/1/command/1', 'STET_INPUT')
finish()
