#!/usr/bin/env python3
"""Checks what the compiler does not: layers, banned words, file and function length."""
import pathlib
import re
import subprocess
import sys

FILE_LINES = 400
FUNCTION_LINES = 70

# The top level, and nothing else besides dotfiles.
TOP = {'README.md', 'COPYING', 'meson.build', 'meson_options.txt', 'include', 'wal', 'src', 'tests',
       'bench', 'tools'}

# Folder -> what its "..." includes may start with; the longest matching folder counts.
LAYERS = {
    'include/stet/wal': ['stet/wal/'],
    'include/stet': ['stet/'],
    'wal': ['wal/', 'stet/wal/', 'stet/clock.h', 'base/'],
    'src/base': ['base/', 'stet/clock.h'],
    'src/schema': ['schema/', 'base/', 'stet/'],
    'src/core': ['core/', 'schema/', 'base/', 'stet/'],
    'src/engine': ['engine/', 'core/', 'schema/', 'base/', 'stet/'],
    'tools': ['stet/', 'tools/'],
    'bench': ['stet/', 'bench/', 'tools/walbench/', 'tools/stet/status_macros.h'],
    'tests': [''],
}

# (folders, pattern in code, what to do instead)
BANNED = [
    ('src/schema src/core', r'#include "stet/(wal/|engine\.h)', 'core does not know the log'),
    ('src/core', r'std::chrono|absl::Now|<thread>|<random>|absl/random|<fstream>|flat_hash_|'
     r'unordered_(map|set)|<mutex>|<atomic>|SystemClock', 'core is pure and ordered'),
    ('src/engine', r'absl::Now\b|system_clock', 'durations are measured by a Clock'),
    ('include', r'#include <(?!absl/(status|time)/|[a-z_0-9]+>)', 'std, absl/{status,time}, stet'),
    ('include', r'\bassert\(', "the user's NDEBUG would differ"),
    ('include/stet src wal tools bench', r'liburing\.h', 'only wal/io talks to the ring'),
    ('include wal src/base src/engine tools bench', r'flatbuffers/', 'schema and core only'),
    ('include src wal tools bench tests', r'\busing namespace\b', 'name it'),
    ('include src wal tools bench tests', r'std::cout|std::views', 'fmt::print; algorithms'),
    ('include src wal tools bench tests', r'absl::(string_view|optional|variant|Mutex|Notification)',
     "std's twins; base/mutex.h"),
]
MAY = {  # (pattern's start, file): why it may
    ('absl::(string_view', 'src/base/format.h'),  # Formats Status::message().
    ('liburing', 'wal/io'),
    ('liburing', 'tools/walbench/raw_uring.cc'),  # Limits are measured without the log's own ring.
    ('liburing', 'bench/bare_log.cc'),
}
# Anywhere, comments and scripts included.
WORDS = r'FIXME|\bTODO\b|\bXXX\b|\bfor now\b|(?<![\w.$}])/(work|home|root)/'
TEXT = {'.h', '.cc', '.py', '.sh', '.build', '.txt', '.md', '.fbs', '.yml', ''}
CODE = {'.h', '.cc'}


def strip(text):
    """The code with comments and literals blanked, line by line as it was."""
    token = re.compile(r'R"(\w*)\(.*?\)\1"|//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'
                       r"(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'", re.S)
    return token.sub(lambda m: '""' + '\n' * m.group().count('\n'), text)


def functions(text):
    """(first line, lines) of each outermost function body in stripped code."""
    depth_in, start, head, line, stack = 0, 0, '', 1, []
    for char in text:
        if char == '\n':
            line += 1
        if depth_in:
            depth_in += (char == '{') - (char == '}')
            if depth_in == 0:
                yield start, line - start + 1
                head = ''
        elif char == '{':
            container = re.search(r'\b(namespace|class|struct|union|enum|extern)\b(?!.*\()|'
                                  r'\bTEST_SUITE\b|=\s*$', head, re.S)
            if container:
                stack.append(line)
            else:
                depth_in, start = 1, line
            head = ''
        elif char in ';}':
            head = ''
        else:
            head += char


def layer_of(path):
    folders = [f for f in LAYERS if path.startswith(f + '/')]
    return max(folders, key=len) if folders else None


def code_problems(path, text):
    layer = layer_of(path)
    bare = strip(text)
    for number, line in enumerate(text.splitlines(), 1):
        include = re.match(r'\s*#include "([^"]+)"', line)
        if include and layer and not any(include[1].startswith(p) for p in LAYERS[layer]):
            yield number, f'{layer} may not include "{include[1]}"'
        code = line if line.lstrip().startswith('#include') else bare.splitlines()[number - 1]
        for folders, pattern, remedy in BANNED:
            applies = any(path.startswith(f + '/') for f in folders.split())
            spared = any(pattern.startswith(p) and path.startswith(f) for p, f in MAY)
            if applies and not spared and (found := re.search(pattern, code)):
                yield number, f'{found[0]}: {remedy}'
    for start, lines in functions(bare):
        if lines > FUNCTION_LINES:
            yield start, f'function of {lines} lines; at most {FUNCTION_LINES}'
    if path.endswith('.h') and '/pch/' not in path and '#pragma once' not in text:
        yield 1, 'no #pragma once'
    if not text.startswith('//'):
        yield 1, 'the first line says what the file is'
    if path.startswith('include/'):
        for pragma in ('push(default)', 'pop'):
            # One too many would export what is included after this header.
            if (count := text.count(f'#pragma GCC visibility {pragma}')) != 1:
                yield 1, f'{count} of #pragma GCC visibility {pragma}: want one'


def problems(root, path):
    try:
        text = (root / path).read_text()
    except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
        return
    lines = text.splitlines()
    suffix = pathlib.Path(path).suffix
    if suffix not in TEXT or path.startswith('tests/lint/') or path == 'COPYING':
        return
    if len(lines) > FILE_LINES and suffix != '.md':
        yield 1, f'{len(lines)} lines; at most {FILE_LINES}'
    for number, line in enumerate(lines, 1):
        if found := re.search(WORDS, line):
            yield number, f'"{found[0]}" does not belong in the tree'
    if suffix in CODE:
        yield from code_problems(path, text)


def files(root):
    listed = subprocess.run(['git', '-C', root, 'ls-files', '-co', '--exclude-standard'],
                            capture_output=True, text=True)
    if listed.returncode == 0:
        return listed.stdout.splitlines()
    return [str(p.relative_to(root)) for p in root.rglob('*') if p.is_file()]


def unlisted_headers(root, paths):
    listed = (root / 'include/meson.build')
    known = listed.read_text() if listed.exists() else ''
    for path in paths:
        if path.startswith('include/') and path.endswith('.h'):
            if f"'{path[len('include/'):]}'" not in known:
                yield path, 1, 'not listed in include/meson.build: it would not install'


def named_types(text):
    """(line, qualified name) of each type at the outer level of a named namespace."""
    spaces = []
    for number, (line, raw) in enumerate(zip(strip(text).splitlines(), text.splitlines()), 1):
        if opened := re.match(r'namespace ([\w:]*) ?\{', line):
            spaces.append(opened[1])
        elif raw.startswith('}  // namespace') and spaces:
            spaces.pop()
        elif found := re.match(r'(?:struct|class|union)\s+(\w+)(?:\s+final)?(?:\s*:[^:;]+)?\s*\{', line):
            if spaces and all(spaces):
                yield number, '::'.join(spaces + [found[1]])


def twins(root, paths):
    """Types of one name: a program that links both gets the functions of one for both."""
    first = {}
    product = [p for p in paths if p.startswith(('include/', 'src/', 'wal/'))]
    for path in product + [p for p in paths if p.startswith('tests/') and p not in product]:
        if pathlib.Path(path).suffix not in CODE:
            continue
        for number, name in named_types((root / path).read_text()):
            if name not in first:
                if path in product:
                    first[name] = path
            elif first[name] != path:
                yield path, number, f'{name} is also in {first[name]}'


def strays(paths):
    for top in sorted({path.split('/')[0] for path in paths}):
        if top not in TOP and not top.startswith('.'):
            yield top, 1, 'does not belong at the top level'


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    paths = sorted(files(root))
    found = [(p, n, what) for p in paths for n, what in problems(root, p)]
    found += unlisted_headers(root, paths)
    found += twins(root, paths)
    found += strays(paths)
    for path, number, what in found:
        print(f'{path}:{number}: {what}')
    print(f'{len(paths)} files, {len(found)} problems')
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
