#!/usr/bin/env python3
"""Every bad workflow: one line that names the place, exit status 2, and nothing is made."""
import json

from harness import Scratch, check, check_equal, commands, finish, one_line_error

A = {'id': 'a', 'run': 'true'}

# name: (content, what the message must hold)
BAD = {
    'cycle': (commands(('a', 'true', ['b']), ('b', 'true', ['a'])), ['cycle', 'a', 'b']),
    'missing parent': (commands(('a', 'true', ['zz'])), ['/tasks/0/after/0', 'zz']),
    'duplicate id': ({'tasks': [A, A]}, ['/tasks/1', 'duplicate', '"a"']),
    'duplicate key': ('{"tasks": [], "tasks": []}', [':1:', 'twice']),
    'self-dependency': (commands(('a', 'true', ['a'])), ['/tasks/0/after/0', 'itself']),
    'wrong type': ({'tasks': [{'id': 1, 'run': 'true'}]}, ['/tasks/0/id', 'string']),
    'unknown key': ({'tasks': [{**A, 'timeuot': '1s'}]}, ['/tasks/0/timeuot', 'unknown key']),
    'empty': ({'tasks': []}, ['/tasks', 'at least one']),
    'empty file': ('', [':1:1:', 'not JSON', 'is empty']),
    'only white space': (' \n\t\n', ['not JSON', 'is empty']),
    'timeout as a number': ({'tasks': [{**A, 'timeout': 30}]}, ['/tasks/0/timeout', '"30s"']),
    'command as text': ({'tasks': [{'id': 'a', 'command': 'ls -l'}]},
                        ['/tasks/0/command', 'array', '"run"']),
    'nesting': ('[' * (10 << 20), ['nested']),
    'nested tasks': ('{"tasks": ' + '[' * (10 << 20), ['nested']),
    'not JSON': ('{\n  "tasks": [}\n', [':2:', 'not JSON']),
    'wrong schemaVersion': ({'name': 'w', 'schemaVersion': '1.4', 'workflow': {}},
                            ['/schemaVersion', '1.4']),
    'control characters': (commands(('a\nb', 'true')), ['name']),
}


def main():
    for name, (content, parts) in BAD.items():
        with Scratch() as s:
            flow = s.file('flow.json', content)
            for command in ('run', 'validate'):
                one_line_error(s.stet(command, flow), 2, 'flow.json', *parts)
            check(not s.dir.exists(), f'{name}: no directory is made')
            done = s.stet('run', flow, '--json')
            error = json.loads(done.stdout)['error']
            check_equal(sorted(error), ['code', 'file', 'message', 'next', 'offset'], name)
    with Scratch() as s:
        one_line_error(s.stet('run', s.path / 'none.json'), 2, 'none.json', 'No such file')
        one_line_error(s.stet('run', s.file('f.yaml', 'tasks: []')), 2, 'f.yaml:1:8', 'tasks')
        one_line_error(s.stet('run', s.file('f.yaml', 'tasks:\n\t- {}')), 2, 'f.yaml:2', 'not YAML')
        flow = s.file('flow.json', {'tasks': [A]})
        one_line_error(s.stet('run', flow, '--input', '{'), 2, '--input:1:')
        one_line_error(s.stet('run', flow, '--input', '@none.json'), 2, 'none.json')
        one_line_error(s.stet('run', flow, '--pinned'), 2, 'flow')
        check(not s.dir.exists(), 'no directory is made')
        check_equal(s.stet('validate', flow).returncode, 0, 'a good one')


main()
finish()
