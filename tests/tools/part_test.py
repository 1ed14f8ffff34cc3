#!/usr/bin/env python3
"""walinspect extract and replay: parts of a log for others, and what another definition would have done."""
import json
import subprocess

from harness import STET, WALINSPECT, Scratch, check, check_equal, commands, finish


def walinspect(s, *arguments):
    return subprocess.run([WALINSPECT, *map(str, arguments)], cwd=s.path, text=True,
                          capture_output=True)


def answer(s, *arguments, status=0):
    done = walinspect(s, *arguments, '--json')
    check_equal(done.returncode, status, f'{arguments}: {done.stdout}{done.stderr}')
    return json.loads(done.stdout)


def content(folder):
    return b''.join(p.read_bytes() for p in (folder / 'wal').iterdir())


def extract():
    with Scratch() as s:
        flow = s.file('flow.json', commands(('a', 'printf top-; printf secret'), ('b', 'true', ['a'])))
        other = s.file('other.json', commands(('x', 'true')))
        for file in (flow, other):
            check_equal(s.stet('run', file).returncode, 0, 'run')
        part = answer(s, 'extract', s.dir, '--exec', 'flow', '-o', 'part')
        check_equal(part['executions'], 1, 'one execution')
        check(part['events'] < part['events_read'], f'not all: {part}')
        state = answer(s, 'state', 'part')
        check_equal([e['execution'] for e in state['executions']], ['flow'], 'only it')
        check_equal(state['digest'], part['digest'], 'the digest')
        check_equal(walinspect(s, 'verify', '--deep', 'part').returncode, 0, 'verify')
        check(b'top-secret' in content(s.path / 'part'), 'an output is there')
        blank = walinspect(s, 'extract', s.dir, '--exec', 'flow', '--redact', '-o', 'blank')
        check("definitions, keys and names are not" in blank.stdout, f'as text: {blank.stdout}')
        check(b'top-secret' not in content(s.path / 'blank'), 'no output is there')
        run = [STET, 'run', flow, '--key', 'new', '--dir', s.path / 'part']
        check_equal(subprocess.run(run, capture_output=True).returncode, 2, 'nobody runs it')
        again = walinspect(s, 'extract', s.dir, '-o', 'part')
        check_equal((again.returncode, 'nothing is overwritten' in again.stderr), (3, True), 'twice')
        missing = walinspect(s, 'extract', s.dir, '--exec', 'nightly', '-o', 'none')
        check_equal(missing.returncode, 3, 'an execution that is not there')
        check_equal(walinspect(s, 'extract', 'nowhere', '-o', 'none').returncode, 4, 'no directory')
        check(not (s.path / 'none').exists(), 'nothing is left')


def rehearse():
    with Scratch() as s:
        flow = s.file('flow.json', commands(
            ('a', 'true'),
            {'id': 'b', 'run': 'test -e tried || { touch tried; exit 1; }', 'after': ['a'],
             'retry': {'max_attempts': 2, 'backoff': {'kind': 'fixed', 'base': '1ms'}}}))
        check_equal(s.stet('run', flow).returncode, 0, 'run')
        whole = answer(s, 'replay', s.dir)
        check(whole['events'] == whole['seq'] and whole['digests_compared'] > 0, f'{whole}')
        check('replayed' in walinspect(s, 'replay', s.dir).stdout, 'as text')
        same = answer(s, 'replay', s.dir, '--definition', flow)
        check_equal((same['differences'], same['guessed']), ([], []), 'the same')
        strict = json.loads(flow.read_text())
        strict['tasks'][1].pop('retry')
        strict['tasks'].append({'id': 'c', 'run': 'true', 'after': ['a']})
        strict['name'] = 'strict'
        other = s.file('strict.json', strict)
        told = answer(s, 'replay', s.dir, '--definition', other, '--exec', 'flow', status=2)
        found = {(d['task'], d['field']): (d['recorded'], d['rehearsed']) for d in told['differences']}
        check_equal(found[(None, 'state')], ('completed', 'failed'), 'the execution')
        check_equal(found[('b', 'attempts')], ('2', '1'), 'its attempts')
        check_equal(found[('c', 'present')], (None, 'completed'), 'a new task')
        check_equal(told['guessed'], ['c'], 'a guess')
        text = walinspect(s, 'replay', s.dir, '--definition', other, '--exec', 'flow').stdout
        check('completed as recorded, failed under the other definition' in text, text)
        for arguments in (['--definition', other], ['--definition', 'none.json'], ['--exec', 'flow']):
            check_equal(walinspect(s, 'replay', s.dir, *arguments).returncode, 3, f'{arguments}')


extract()
rehearse()
finish()
