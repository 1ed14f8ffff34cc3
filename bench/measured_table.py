"""The table of README.md: what was to be reached, and what was found, out of one JSON of benchmarks."""

# What, the figure, what stands beside it (a name and a figure), and the result that has a target.
# A figure is "case.sample" of a benchmark; {k} takes every value of the row's list.
ROWS = [
    ([1, 2, 4, 8, 16], '4 KiB batches, {k} in flight, durable writes', 'writer_dsync_{k}.rate',
     ('fio', 'fio_dsync_{k}.rate'), 'writer_to_fio_dsync_{k}'),
    ([1, 2, 4, 8, 16], 'the same, p99', 'writer_dsync_{k}.p99', ('fio', 'fio_dsync_{k}.p99'),
     'writer_p99_to_fio_dsync_{k}'),
    ([4, 16], '4 KiB batches, {k} in flight, writes and one flush', 'writer_flush_{k}.rate',
     ('fio', 'fio_flush_{k}.rate'), 'writer_to_fio_flush_{k}'),
    ([1, 2, 4, 8, 16], '4 KiB batches, {k} in flight, operation and depth chosen by the log',
     'writer_auto_{k}.rate', ('fio, durable writes', 'fio_dsync_{k}.rate'), None),
    ([1], 'one durable append of 100 B, p50', 'writer_100B_1.p50',
     ('raw 4 KiB durable overwrite', 'raw_overwrite_4k.p50'), 'append_p50_to_raw_overwrite_p50'),
    ([64, 512, 4096], '100 B, {k} outstanding, one thread', 'writer_100B_{k}.rate',
     ('bare io_uring loop', 'bare_loop_100B_{k}.rate'), 'writer_to_bare_loop_{k}'),
    ([64, 512, 4096], 'the same, sustained with rotation', 'writer_100B_{k}_sustained.rate',
     ('within the pool', 'writer_100B_{k}.rate'), 'sustained_to_pool_{k}'),
    ([64], '`wal::Log`, 64 blocking threads, 100 B', 'log_64.rate',
     ('mutex and condition variable', 'plain_group_commit_64.rate'),
     'log_to_plain_group_commit_64'),
    ([64], 'the same', 'log_64.rate', ('RocksDB `sync=true`', 'rocksdb_sync_64.rate'),
     'log_to_rocksdb_64'),
    ([64], 'the same', 'log_64.rate', ('SQLite `FULL`, 1 row', 'sqlite_full_1_row_64.rate'),
     'log_to_sqlite_1_row_64'),
    ([64], 'the same', 'log_64.rate', ('SQLite `FULL`, 100 rows', 'sqlite_full_100_rows_64.rate'),
     'log_to_sqlite_100_rows_64'),
    ([64], 'the same, sustained with rotation', 'log_64_sustained.rate',
     ('within the pool', 'log_64.rate'), 'log_64_sustained_to_pool'),
    (['interval', 'os'], '100 B without waiting, `{k}`', 'flood_100B_{k}.rate', None,
     'flood_100B_{k}.rate'),
    (['interval', 'os'], '64 KiB without waiting, `{k}`', 'flood_64K_{k}.bandwidth',
     ('sequential direct writes', 'raw_sequential_1m.bandwidth'), '{k}_64K_to_disk'),
    ([0], '100 B without waiting, sustained with rotation', 'flood_100B_sustained.rate', None, None),
    ([0], '64 KiB without waiting, sustained with rotation', 'flood_64K_sustained.bandwidth',
     ('sequential direct writes', 'raw_sequential_1m.bandwidth'), None),
    ([0], 'reader, checksums and chain, 1 KiB payloads, cached', 'reader_1K_memory.payload', None,
     'reader_1K_memory.payload'),
    ([0], 'the same, 100 B payloads', 'reader_100B_memory.records', None,
     'reader_100B_memory.records'),
    ([0], 'recovery of 1 GiB without a snapshot, cached', 'recovery_1G_memory.recover',
     ('from the disk', 'recovery_1G_disk.recover'), None),
    ([1, 4, 16], 'io-wq punts of 1000 durable writes, {k} in flight',
     'writer_dsync_{k}.write_punts', None, 'writer_dsync_{k}.write_punts'),
    ([1, 64], 'device flushes per batch, 100 B, {k} outstanding',
     'writer_100B_{k}.flushes_per_batch', None, 'writer_100B_{k}.flushes_per_batch'),
    ([0], 'open after kill -9, 1 GiB of log, anchor 4 MiB before its end, besides reading the tail',
     'open_killed_1GiB.besides_tail', ('with the tail', 'open_killed_1GiB.open'),
     'open_killed_1GiB.besides_tail'),
]


def number(result):
    """A value with its unit, as short as people read it."""
    value, unit = result['value'], result['unit']
    if unit in ('1/s', 'records', 'events', 'flushes', 'per_1000', 'x', 'bytes_per_task'):
        for factor, letter in ((1e6, ' M'), (1e3, ' k')):
            if value >= 0.9995 * factor:
                return f"{value / factor:.3g}{letter}{'/s' if unit == '1/s' else ''}"
        return f"{value:.3g}{'/s' if unit == '1/s' else ''}"
    shown = f'{value:.0f}' if value >= 100 else f'{value:.3g}'
    return f"{shown} {'µs' if unit == 'us' else unit.replace('_', ' ')}"


def target(result):
    if 'at_least' in result:
        return f"≥ {number({**result, 'value': result['at_least']})}"
    if 'at_most' in result:
        return f"≤ {number({**result, 'value': result['at_most']})}"
    return ''


def verdict(result):
    return '' if 'met' not in result else 'reached' if result['met'] else '**not reached**'


def line(results, what, figure, beside, judged):
    """A row, or None if its figure was not measured."""
    if figure not in results:
        return None
    other = results.get(beside[1]) if beside else None
    result = results.get(judged, {}) if judged else {}
    ratio = ''
    if judged != figure and result:
        ratio = f"{result['value']:.2f}"
    elif judged is None and other and other['value']:
        ratio = f"{results[figure]['value'] / other['value']:.2f}"
    spread = results[figure].get('spread')
    return [what, number(results[figure]) + (f' ± {100 * spread / 2:.0f} %' if spread else ''),
            f'{beside[0]}: {number(other)}' if other else '', ratio, target(result), verdict(result)]


def table_of(whole):
    """Markdown: the rows above, then all other results that have a target."""
    results = {r['name']: r for b in whole['benchmarks'] for r in b.get('results', [])}
    rows, judged = [], set()
    for values, what, figure, beside, name in ROWS:
        for k in values:
            def fill(text):
                return text.format(k=k) if text else text
            judged.add(fill(name))
            rows.append(line(results, fill(what), fill(figure),
                             beside and (beside[0], fill(beside[1])), fill(name)))
    for name, result in results.items():
        if 'met' in result and name not in judged:
            rows.append(line(results, name, name, None, name))
    pools = sorted({f"{r['value']:.0f}" for n, r in results.items() if n.endswith('.pool')}, key=int)
    zeroed = f"pools zeroed before, of {', '.join(pools)} MiB; " if pools else ''
    machine = whole['machine']
    text = (f"{machine['cpus']} CPUs ({machine['cpu']}), Linux {machine['kernel']}, disk "
            f"{machine.get('device')} ({machine.get('write_cache')}), load {machine['load_before']:.1f} "
            f"before; commit {whole['commit']}; medians of {whole['turns']} turns of "
            f"{whole['seconds']} s, all contenders in turns; {zeroed}± half the range of the turns; "
            f"{whole.get('took_seconds', 0):.0f} s in all.\n\n"
            '| what | found | beside it | ratio | to reach | |\n|---|---|---|---|---|---|\n')
    return text + ''.join('| ' + ' | '.join(row) + ' |\n' for row in rows if row)
