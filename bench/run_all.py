#!/usr/bin/env python3
"""Runs benchmarks one after another; writes one JSON, and a table of what was to be reached."""
import argparse
import json
import os
import pathlib
import platform
import subprocess
import sys
import time

import measured_table


def first_line(path):
    try:
        return pathlib.Path(path).read_text().splitlines()[0].strip()
    except (OSError, IndexError):
        return None


def disk_of(directory):
    """What the disk under `directory` says of itself."""
    number = os.stat(directory).st_dev
    link = pathlib.Path(f'/sys/dev/block/{os.major(number)}:{os.minor(number)}')
    if not link.exists():
        return {'device': None}
    found = link.resolve()
    if (found / 'partition').exists():
        found = found.parent
    return {'device': found.name, 'write_cache': first_line(found / 'queue/write_cache'),
            'fua': first_line(found / 'queue/fua'), 'scheduler': first_line(found / 'queue/scheduler')}


def machine(directory):
    model = [line.split(':', 1)[1].strip() for line in open('/proc/cpuinfo')
             if line.startswith('model name')]
    return {'kernel': platform.release(), 'cpus': os.cpu_count(), 'cpu': model[0] if model else None,
            'load_before': os.getloadavg()[0], **disk_of(directory)}


def commit(root):
    done = subprocess.run(['git', '-C', root, 'describe', '--always', '--dirty'],
                          capture_output=True, text=True)
    return done.stdout.strip() or None


def run(program, options):
    command = [program, '--json', '--turns', str(options.turns), '--seconds', str(options.seconds),
               '--dir', options.dir]
    if options.filter:
        command += ['--filter', options.filter]
    begin = time.monotonic()
    # What was left out is named on standard error.
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        return {'benchmark': pathlib.Path(program).name, 'failed': done.returncode}
    return {**json.loads(done.stdout), 'took_seconds': round(time.monotonic() - begin, 1)}


def show(report):
    for result in report.get('results', []):
        if 'met' not in result:
            continue
        bound = '>=' if 'at_least' in result else '<='
        wanted = result.get('at_least', result.get('at_most'))
        verdict = 'met' if result['met'] else 'NOT MET'
        print(f"{result['name']:44} {result['value']:12.4g} {result['unit']:6} "
              f"{bound} {wanted:<10.4g} {verdict:8} spread {100 * result['spread']:.0f} %")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('programs', nargs='+', help='built benchmarks')
    parser.add_argument('--root', default='.', help='the source tree, for its commit')
    parser.add_argument('--out', default='benchmarks.json')
    parser.add_argument('--markdown', default='benchmarks.md', help='the table of README.md')
    parser.add_argument('--dir', default='.', help='where files go: the disk that is measured')
    parser.add_argument('--turns', type=int, default=5)
    parser.add_argument('--seconds', type=float, default=0.5, help='of a case and turn, about')
    parser.add_argument('--filter', default='', help='only cases whose name holds this')
    options = parser.parse_args()
    options.dir = str(pathlib.Path(options.dir).resolve())
    whole = {'commit': commit(options.root), 'machine': machine(options.dir),
             'turns': options.turns, 'seconds': options.seconds, 'benchmarks': []}
    begin = time.monotonic()
    for program in options.programs:
        print(f'{pathlib.Path(program).name} ...', file=sys.stderr, flush=True)
        report = run(program, options)
        show(report)
        sys.stdout.flush()
        whole['benchmarks'].append(report)
        pathlib.Path(options.out).write_text(json.dumps(whole, indent=1) + '\n')
    whole['took_seconds'] = round(time.monotonic() - begin, 1)
    whole['machine']['load_after'] = os.getloadavg()[0]
    pathlib.Path(options.out).write_text(json.dumps(whole, indent=1) + '\n')
    table = measured_table.table_of(whole)
    pathlib.Path(options.markdown).write_text(table)
    print('\n' + table)
    failed = [b['benchmark'] for b in whole['benchmarks'] if 'failed' in b]
    print(f'{options.out}, {options.markdown}: '
          f'{len(whole["benchmarks"]) - len(failed)} of {len(options.programs)} ran')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
