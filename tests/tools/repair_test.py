#!/usr/bin/env python3
"""An operator with a broken log: breaks real logs in many ways, does what verify says, and goes on."""
import json
import pathlib
import shlex
import shutil
import subprocess

from harness import Scratch, STET, WALINSPECT, check, check_equal, commands, finish

A = 4096


def inspect(*arguments):
    return subprocess.run([WALINSPECT, *map(str, arguments)], capture_output=True, text=True)


def segment(d, number):
    return d / 'wal' / f'{number:016x}.wal'


def batches(d, number):
    """Offsets of the batches of a segment, in order."""
    content = segment(d, number).read_bytes()
    return [at for at in range(4 * A, len(content), A) if content[at:at + 4] == b'WBAT']


def change(path, at, content):
    with open(path, 'r+b') as file:
        file.seek(at)
        file.write(content)


def flip(path, at, bit=3):
    change(path, at, bytes([path.read_bytes()[at] ^ 1 << bit]))


def flip_payload(d):
    flip(segment(d, 2), batches(d, 2)[1] + 200)


def flip_batch_header(d):
    flip(segment(d, 1), batches(d, 1)[1] + 35)


def flip_log_id(d):
    flip(d / 'wal/LOG_ID', 21)


def remove_log_id(d):
    (d / 'wal/LOG_ID').unlink()


def zero_headers(d):
    change(segment(d, 2), 0, bytes(2 * A))


def zero_batch(d):
    change(segment(d, 2), batches(d, 2)[1], bytes(A))


def garbage_batch(d):
    change(segment(d, 2), batches(d, 2)[1], b'garbage!' * 60)


def remove_segment(d):
    segment(d, 2).unlink()


def cut_last(d):
    with open(segment(d, 3), 'r+b') as file:
        file.truncate(batches(d, 3)[2])


def misdirect(d):
    content = segment(d, 2).read_bytes()
    first, second = batches(d, 2)[:2]
    change(segment(d, 2), second, content[first:first + A])


def swap(d):
    one, two = segment(d, 2).read_bytes(), segment(d, 3).read_bytes()
    segment(d, 2).write_bytes(two)
    segment(d, 3).write_bytes(one)


def lose_end(d):
    at = batches(d, 3)[-1]
    change(segment(d, 3), at, bytes(segment(d, 3).stat().st_size - at))


def forget_slots(d):
    change(segment(d, 3), 2 * A, bytes(2 * A))


def flip_last(d):
    forget_slots(d)
    flip(segment(d, 3), batches(d, 3)[-1] + 150)


def garble_last(d):
    forget_slots(d)
    change(segment(d, 3), batches(d, 3)[-1] + 132, b'garbage!' * 4)


def remove_last(d):
    segment(d, 3).unlink()


def remove_first(d):
    segment(d, 1).unlink()


def header_and_bit(d):
    zero_headers(d)
    flip_payload(d)


def log_id_and_headers(d):
    remove_log_id(d)
    zero_headers(d)


def batch_of_before(d):
    """A batch of another opening, intact, where one of this stood."""
    content = segment(d, 2).read_bytes()
    first = batches(d, 2)[0]
    change(segment(d, 3), batches(d, 3)[1], content[first:first + A])


# What is broken -> (refusal, what the finding says, action that verify advises, is anything lost)
CASES = [
    (flip_payload, 'CORRUPT_ACKED', 'bit', '--fix-bit', False),
    (flip_batch_header, 'CORRUPT_ACKED', 'bit', '--fix-bit', False),
    (flip_log_id, 'NO_LOG_ID', 'digest', '--fix-bit', False),
    (remove_log_id, 'NO_LOG_ID', 'LOG_ID is missing', '--log-id', False),
    (zero_headers, 'HEADER_LOST', 'zero', '--header', False),
    (zero_batch, 'CORRUPT_ACKED', '', 'salvage', True),
    (garbage_batch, 'CORRUPT_ACKED', 'magic', 'salvage', True),
    (remove_segment, 'MISSING_SEGMENT', 'segment 2 is missing', 'salvage', True),
    (cut_last, 'TRUNCATED', '', 'salvage', True),
    (misdirect, 'MISDIRECTED', '', 'salvage', True),
    (swap, 'MISNAMED', 'expected segment 2, found 3', 'salvage', True),
    (lose_end, 'LOST_TAIL', '', 'salvage', True),
    (flip_last, 'SUSPECT_TAIL', 'bit', '--fix-bit', False),
    (garble_last, 'SUSPECT_TAIL', '', 'salvage', True),
    (remove_last, 'MISSING_SEGMENT', 'LOG_ID says that segment 3', 'salvage', True),
    (remove_first, 'NO_BASE', 'nothing covers seq 1', '', False),
    (header_and_bit, 'HEADER_LOST', '', '--fix-bit --header', False),
    (log_id_and_headers, 'NO_LOG_ID', '', '--fix-bit --header --log-id', False),
    (batch_of_before, 'LOST_TAIL', '', 'salvage', True),
]


def content(d):
    return {p.relative_to(d): p.read_bytes() for p in sorted(d.rglob('*')) if p.is_file()}


def operate(whole, d, case):
    damage, refusal, words, action, loses = case
    name = damage.__name__
    damage(d)
    before = content(d)
    said = inspect('verify', '--json', d)
    verdict = json.loads(said.stdout)
    check_equal((said.returncode, verdict['refusal']), (2, refusal), f'{name}: verify')
    finding = next(f for f in verdict['findings'] if f['severity'] == 'refusal')
    check(words in finding['text'], f'{name}: the text says {finding["text"]!r}')
    step = next((s for s in verdict['steps'] if ' --out ' in s), '')
    check(action in step, f'{name}: expected {action}, advised are {verdict["steps"]}')
    if not step:
        dump = next((s for s in verdict['steps'] if s.startswith('walinspect dump')), '')
        shown = inspect(*shlex.split(dump.split('   (')[0])[1:])
        check(shown.returncode == 2 and shown.stdout, f'{name}: {verdict["steps"]}: {shown}')
        return
    check(('nothing is lost' in step) == (not loses), f'{name}: {step}')
    for number, one in enumerate(verdict['steps']):
        if one.startswith('walinspect explain'):
            check(inspect(*shlex.split(one)[1:]).returncode == 2, f'{name}: step {number}: {one}')
    # Exactly what is advised: first dry, then for good.
    arguments = shlex.split(step.split('   (')[0])[1:]
    new = pathlib.Path(arguments[arguments.index('--out') + 1])
    status = 1 if loses else 0
    check_equal(inspect(*arguments).returncode, status, f'{name}: dry run')
    check(not new.exists(), f'{name}: a dry run writes nothing')
    done = inspect(*arguments, '--yes', '--json')
    check_equal(done.returncode, status, f'{name}: {done.stdout} {done.stderr}')
    check_equal(content(d), before, f'{name}: the source is only read')
    manifest = json.loads((new / 'wal/loss-manifest.json').read_text())
    check_equal(json.loads(done.stdout), manifest, f'{name}: the manifest')
    check_equal(bool(manifest['losses']), loses, f'{name}: losses')
    check(manifest['last_seq'] + manifest['lost_records'] == whole or not manifest['lost_complete'],
          f'{name}: kept and lost make {whole}: {manifest}')
    verified = inspect('verify', '--deep', new)
    check_equal(verified.returncode, 0, f'{name}: {verified.stdout}')
    diff = inspect('diff', '--json', new, d)
    check_equal(json.loads(diff.stdout)['same_log'], True, f'{name}: {diff.stdout}')
    listed = json.loads(inspect('ls', '--json', new).stdout.splitlines()[-1])
    check_equal(listed['start_reason'], 'repair', f'{name}: the history says so')
    check('was repaired' in inspect('doctor', new).stdout, f'{name}: doctor says so')
    # And the engine goes on with it.
    check_equal(subprocess.run([STET, 'ls', '--dir', new], capture_output=True).returncode, 0,
                f'{name}: stet ls')
    check_equal(inspect('verify', new).returncode, 0, f'{name}: after stet')


def main():
    with Scratch() as s:
        flow = s.file('flow.json', commands(*[(f't{i}', 'echo x') for i in range(6)]))
        for more in ([], ['--new'], ['--new']):
            check_equal(s.stet('run', flow, *more).returncode, 0, 'completes')
        whole = json.loads(inspect('verify', '--json', s.dir).stdout)['last_seq']
        fine = inspect('salvage', s.dir, '--out', s.path / 'x')
        check_equal(fine.returncode, 0, 'nothing to repair')
        check('opens as it is' in fine.stderr, fine.stderr)
        for number, case in enumerate(CASES):
            d = s.path / f'broken{number}'
            shutil.copytree(s.dir, d, ignore=shutil.ignore_patterns('*.sock'))
            operate(whole, d, case)
    finish()


if __name__ == '__main__':
    main()
