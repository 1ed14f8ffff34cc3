#!/usr/bin/env python3
"""What `stet schema` knows is what the parser knows: every object's keys, and the types of their values."""
import json

from harness import Scratch, check, check_equal, finish

A = {'id': 'a', 'run': 'true'}
# A workflow around one object of the schema.
AROUND = {
    '': lambda o: {'tasks': [A], **o},
    'task': lambda o: {'tasks': [{'id': 'a', **o} if 'command' in o else {**A, **o}]},
    'defaults': lambda o: {'tasks': [A], 'defaults': o},
    'retry': lambda o: {'tasks': [{**A, 'retry': o}]},
    'backoff': lambda o: {'tasks': [{**A, 'retry': {'backoff': o}}]},
    'when': lambda o: {'tasks': [{'id': 'a', 'if': o}]},
    'value_at': lambda o: {'tasks': [{**A, 'map': {'items': o}}]},
    'loop': lambda o: {'tasks': [{**A, 'loop': {'max_iterations': 1, **o}}]},
    'signal': lambda o: {'tasks': [{'id': 'a', 'signal': {'name': 's', **o}}]},
    'map': lambda o: {'tasks': [{**A, 'map': {'items': {}, **o}}]},
    'child': lambda o: {'tasks': [{'id': 'a', 'workflow': {'name': 'w', **o}}]},
    'repeat': lambda o: {'tasks': [{**A, 'repeat': {'max_occurrences': 1, **o} if 'cron' in o else {'count': 1, **o}}]},
    'timeouts': lambda o: {'tasks': [{**A, 'timeouts': o}]},
    'concurrency_key': lambda o: {'tasks': [{**A, 'concurrency_key': {'key': 'k', **o}}]},
}
WRONG = {'boolean': 7, 'string': 7, 'array': 'x', 'object': [], 'integer': 'x', 'number': 'x', None: 7}


def resolve(schema, part):
    return schema['$defs'][part['$ref'].rsplit('/', 1)[1]] if '$ref' in part else part


with Scratch() as s:
    done = s.stet('schema')
    check_equal(done.returncode, 0, 'stet schema')
    schema = json.loads(done.stdout)
    objects = {'': schema, 'backoff': schema['$defs']['retry']['properties']['backoff'],
               **{name: part for name, part in schema['$defs'].items() if part.get('type') == 'object' and name != 'env'}}
    for name, part in objects.items():
        around = AROUND[name]
        refused = s.stet('validate', s.file('f.json', around({'nonsense': 1})))
        check_equal(refused.returncode, 2, f'{name}: unknown key')
        known = refused.stderr.split('known here: ')[1].split(';')[0].strip().split(', ')
        check_equal(sorted(known), sorted(part['properties']), f'keys of {name or "the root"}')
        for key, value in part['properties'].items():
            kind = resolve(schema, value).get('type')
            wrong = WRONG[kind] if not isinstance(kind, list) else 7 if 'array' in kind else []
            refused = s.stet('validate', s.file('f.json', around({key: wrong})))
            check(refused.returncode == 2 and f'/{key}' in refused.stderr,
                  f'{name}/{key}: {wrong!r} is refused: {refused.stderr}')
finish()
