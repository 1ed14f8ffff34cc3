#!/usr/bin/env python3
"""Runs an example twice in one new folder; each expected line must be printed:  run.py PROGRAM LINE..."""
import os
import subprocess
import sys
import tempfile


def main():
    program, *expected = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        for turn in ('first', 'second'):
            done = subprocess.run([os.path.abspath(program)], cwd=folder, capture_output=True, text=True, timeout=60)
            lines = [line.strip() for line in done.stdout.splitlines()]
            print(f'{turn} run: exit {done.returncode}\n{done.stdout}{done.stderr}')
            if done.returncode != 0:
                return 1
            for line in expected:
                if not any(found.startswith(line) for found in lines):
                    print(f'missing: {line}')
                    return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
