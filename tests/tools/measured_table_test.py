#!/usr/bin/env python3
"""The table of measured figures says what was found, beside what, and whether that is enough."""
import os
import pathlib
import sys

from harness import check, check_equal, finish

sys.path.insert(0, str(pathlib.Path(os.environ['SOURCE_ROOT']) / 'bench'))
import measured_table


def result(name, value, unit, **more):
    return {'name': name, 'value': value, 'unit': unit, 'spread': 0.1, **more}


def table(*results):
    whole = {'commit': 'abc', 'turns': 5, 'seconds': 0.5, 'took_seconds': 12.3,
             'machine': {'cpus': 2, 'cpu': 'a CPU', 'kernel': '6.1', 'device': 'vda',
                         'write_cache': 'write back', 'load_before': 0.25},
             'benchmarks': [{'benchmark': 'one', 'results': list(results)},
                            {'benchmark': 'two', 'failed': 1}]}
    text = measured_table.table_of(whole)
    return text, [[cell.strip() for cell in line.strip('|').split('|')]
                  for line in text.splitlines() if line.startswith('|')][2:]


def reached_and_missed():
    text, rows = table(
        result('writer_dsync_2.rate', 8123.4, '1/s'), result('fio_dsync_2.rate', 8000, '1/s'),
        result('writer_to_fio_dsync_2', 1.0154, 'x', at_least=0.9, met=True),
        result('writer_dsync_2.p99', 350.4, 'us'), result('fio_dsync_2.p99', 250, 'us'),
        result('writer_p99_to_fio_dsync_2', 1.4, 'x', at_most=1.3, met=False),
        result('writer_dsync_2.pool', 304, 'MiB'))
    check_equal(rows, [
        ['4 KiB batches, 2 in flight, durable writes', '8.12 k/s ± 5 %', 'fio: 8 k/s', '1.02',
         '≥ 0.9', 'reached'],
        ['the same, p99', '350 µs ± 5 %', 'fio: 250 µs', '1.40', '≤ 1.3', '**not reached**']],
        'rows')
    for part in ('2 CPUs (a CPU)', 'pools zeroed before, of 304 MiB', 'medians of 5 turns', 'abc'):
        check(part in text, f'{part!r} in {text}')


def without_a_reference():
    """fio is not installed; a figure has a target of its own; an unknown one is not forgotten."""
    _, rows = table(
        result('writer_dsync_1.rate', 7000, '1/s'),
        result('flood_100B_os.rate', 2.5e6, '1/s', at_least=3e6, met=False),
        result('something.new', 3, 'ms', at_most=5, met=True))
    check_equal(rows, [
        ['4 KiB batches, 1 in flight, durable writes', '7 k/s ± 5 %', '', '', '', ''],
        ['100 B without waiting, `os`', '2.5 M/s ± 5 %', '', '', '≥ 3 M/s', '**not reached**'],
        ['something.new', '3 ms ± 5 %', '', '', '≤ 5 ms', 'reached']], 'rows')


reached_and_missed()
without_a_reference()
finish()
