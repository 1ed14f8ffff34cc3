#!/usr/bin/env python3
"""Plants one violation of each kind and expects layers.py to name it."""
import pathlib
import subprocess
import sys
import tempfile

LAYERS = pathlib.Path(__file__).with_name('layers.py')
HEADER = '// What it is.\n#pragma once\n'
PUSH = '#pragma GCC visibility push(default)\n'
POP = '#pragma GCC visibility pop\n'
LONG = 'int F() {\n' + '  G();\n' * 70 + '}\n'

# (file, text, what the report must hold; empty: the file is fine)
CASES = [
    ('src/core/a.cc', '// A.\n#include "wal/log.h"\n', 'may not include "wal/log.h"'),
    ('src/core/a.cc', '// A.\n#include "stet/engine.h"\n', 'stet/engine.h'),
    ('src/core/a.cc', '// A.\n#include <random>\n', '<random>'),
    ('src/core/a.cc', '// A.\nauto t = absl::Now();\n', 'absl::Now'),
    ('src/core/a.cc', '// A: absl::Now is banned, and may be named here.\n', ''),
    ('wal/a.cc', '// A.\n#include "engine/loop.h"\n', 'may not include "engine/loop.h"'),
    ('wal/a.cc', '// A.\n#include <liburing.h>\n', 'liburing.h'),
    ('wal/io/a.cc', '// A.\n#include <liburing.h>\n', ''),
    ('src/engine/a.cc', '// A.\n#include "wal/format.h"\n', 'may not include'),
    ('src/engine/a.cc', '// A.\n#include "stet/wal/log.h"\n', ''),
    ('tools/stet/a.cc', '// A.\n#include "core/state.h"\n', 'may not include'),
    ('src/base/a.cc', '// A.\nabsl::Mutex m;\n', 'absl::Mutex'),
    ('src/base/a.cc', '// A.\nusing namespace std;\n', 'using namespace'),
    ('src/base/a.cc', 'int a;\n', 'first line'),
    ('src/base/a.h', '// A.\n', '#pragma once'),
    ('src/base/a.cc', '// A.  TODO: more\n', 'TODO'),
    ('src/base/a.cc', '// A, at /' + 'work/x.\n', 'does not belong'),
    ('src/base/a.cc', '// A.\n' * 401, '401 lines'),
    ('src/base/a.cc', '// A.\n' + LONG, 'function of 72 lines'),
    ('src/base/a.cc', '// A.\nnamespace a {\nclass B {\n' + LONG + '};\n}\n', 'function of 72'),
    ('src/base/a.cc', '// A.\nB::B() : a_{1}, b_{2} ' + LONG[7:], 'function of 72'),
    ('src/base/a.cc', '// A.\nconst char* t = R"(\n' + '{\n' * 99 + ')";\n', ''),
    ('src/base/a.cc', '// A.\nconstexpr int kT[] = {\n' + '1,\n' * 99 + '};\n', ''),
    ('include/stet/a.h', HEADER, '0 of #pragma GCC visibility push'),
    ('include/stet/a.h', HEADER + 2 * PUSH + POP, '2 of #pragma GCC visibility push'),
    ('include/stet/a.h', HEADER + PUSH, '0 of #pragma GCC visibility pop'),
    ('include/stet/a.h', HEADER, 'not listed'),
    ('include/stet/a.h', HEADER + '#include <fmt/format.h>\n', 'absl/{status,time}'),
    ('tests/a.h', HEADER + 'namespace a::b {\nstruct C final : D {\n};\n}  // namespace a::b\n',
     'a::b::C is also in wal/b.h'),
    ('tests/a.cc', '// A.\nnamespace a::b {\nnamespace {\nstruct C {};\n}  // namespace\n}\n', ''),
    ('tests/a.cc', '// A.\nnamespace a::b {\nint F() {\n}\nstruct C {\n};\n}  // namespace a::b\n', 'a::b::C is also'),
    ('tests/a.cc', '// A.\nnamespace a::b {\n}  // namespace a::b\nnamespace c {\nstruct C {};\n}\n', ''),
    ('stray/a.txt', 'x\n', 'top level'),
    ('include/stet/wal/a.h', HEADER + '#include "stet/clock.h"\n', 'may not include'),
]


# Stands beside each of them.
BESIDE = ('wal/b.h', HEADER + 'namespace a::b {\nclass C {\n};\n}  // namespace a::b\n')


def report(path, text):
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (BESIDE, (path, text)):
            file = pathlib.Path(folder) / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        done = subprocess.run([sys.executable, LAYERS, folder], capture_output=True, text=True)
        return done.returncode, done.stdout


def main():
    failed = 0
    for path, text, expected in CASES:
        status, out = report(path, text)
        right = (status == 1 and expected in out) if expected else status == 0
        if not right:
            failed += 1
            print(f'{path}: {text[:60]!r}: expected {expected!r}, exit {status}:\n{out}')
    print(f'{len(CASES) - failed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
