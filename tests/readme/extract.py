#!/usr/bin/env python3
"""Takes one example out of the README:  extract.py README FILE OUTPUT"""
import pathlib
import re
import sys


def main():
    readme, name, output = sys.argv[1:]
    text = pathlib.Path(readme).read_text()
    block = re.search(rf'^```cpp file={re.escape(name)}\n(.*?)^```$', text, re.S | re.M)
    if not block:
        sys.exit(f'{readme}: no block of {name}')
    pathlib.Path(output).write_text(block[1])


if __name__ == '__main__':
    main()
