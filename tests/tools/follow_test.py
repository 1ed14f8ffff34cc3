#!/usr/bin/env python3
"""Follows a directory while stet writes it: every event once, in order, none before it is durable."""
import json
import os
import pathlib
import signal
import subprocess
import tempfile

STET, WALINSPECT = os.environ['STET_EXE'], os.environ['WALINSPECT_EXE']


def workflow(tasks):
    names = [f't{i}' for i in range(tasks)]
    return {'name': 'chain', 'tasks': [
        {'id': name, 'run': 'true', **({'after': [names[i - 1]]} if i else {})}
        for i, name in enumerate(names)]}


def follow(directory, *more):
    return subprocess.Popen([WALINSPECT, 'dump', '--follow', '--json', str(directory), *more],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def main():
    with tempfile.TemporaryDirectory() as temp:
        temp = pathlib.Path(temp)
        file, directory = temp / 'chain.json', temp / 'dir'
        file.write_text(json.dumps(workflow(12)))
        run = [STET, 'run', str(file), '--dir', str(directory), '--quiet']
        # A first epoch, so that there is something to follow; the second is written while followed.
        subprocess.run(run, check=True, stdout=subprocess.DEVNULL)
        with follow(directory) as follower:
            subprocess.run(run + ['--new'], check=True, stdout=subprocess.DEVNULL)
            dump = subprocess.run([WALINSPECT, 'dump', '--json', str(directory)], check=True,
                                  capture_output=True, text=True).stdout.splitlines()
            expected = [json.loads(line)['seq'] for line in dump]
            assert expected == list(range(1, len(expected) + 1)) and len(expected) > 30, expected
            seqs = [json.loads(follower.stdout.readline())['seq'] for _ in expected]
            assert seqs == expected, seqs
            follower.send_signal(signal.SIGINT)
            follower.wait(20)
        # From a seq on, to a seq: ends by itself.
        with follow(directory, '--from', '5', '--to', '9') as follower:
            seqs = [json.loads(line)['seq'] for line in follower.communicate(timeout=20)[0].splitlines()]
            assert seqs == [5, 6, 7, 8, 9] and follower.returncode == 0, (seqs, follower.returncode)


if __name__ == '__main__':
    main()
