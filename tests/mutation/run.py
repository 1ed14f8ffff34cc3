#!/usr/bin/env python3
"""Breaks the log and the engine on purpose, one way at a time, and demands that the named test fails.

  run.py [--source DIR] [--build DIR] [--only TEXT]... [--jobs N]   all of mutations.toml, or those whose name holds a TEXT
  run.py --check                       that each still applies, names a test that exists, and stands in wal/README.md
  run.py --write-table                 writes the table in wal/README.md

The tree is copied to DIR/tree and built there; the copy is broken, never the tree itself.
"""
import argparse
import os
import re
import subprocess
import sys
import time
import tomllib
from pathlib import Path

TABLE_BEGIN = "<!-- mutations: written by tests/mutation/run.py --write-table -->\n"
TABLE_END = "<!-- end of mutations -->\n"

TEST_SECONDS = 100
TIMEOUT = 124


class Problem(Exception):
    """What stops a mutation from being tried."""


def load(source):
    with open(source / "tests/mutation/mutations.toml", "rb") as file:
        return tomllib.load(file)["mutation"]


def pattern_of(text):
    """Matches `text` however its lines are broken and indented."""
    return re.compile(r"\s+".join(re.escape(word) for word in text.split()))


def sources(source):
    folders = ["wal/**/*.cc", "wal/**/*.h", "src/**/*.cc", "src/**/*.h", "tools/walinspect/*.cc"]
    return sorted(path for folder in folders for path in source.glob(folder))


def apply(source, mutation):
    """Each file that changes, its text, and its text afterwards."""
    texts = {path: path.read_text() for path in sources(source)}
    originals = dict(texts)
    for change in mutation["change"]:
        pattern = pattern_of(change["find"])
        places = [(path, match) for path, text in texts.items() for match in pattern.finditer(text)]
        if len(places) != 1:
            where = ", ".join(str(path.relative_to(source)) for path, _ in places) or "nowhere"
            raise Problem(f"expected once in wal/ and src/, found {len(places)} times ({where}): {change['find']}")
        path, match = places[0]
        texts[path] = texts[path][: match.start()] + change["replace"] + texts[path][match.end():]
    return [(path, originals[path], text) for path, text in texts.items() if text != originals[path]]


def test_names(source):
    return set(re.findall(r'TEST_CASE(?:_FIXTURE\(\s*\w+,|\()\s*"((?:[^"\\]|\\.)*)"\s*\)',
                          "\n".join(path.read_text() for path in source.glob("tests/**/*.cc"))))


def table(mutations):
    rows = [f'| {m["name"]} | {", ".join(describe(test) for test in m["test"])} |\n' for m in mutations]
    return "".join(["| change | caught by, among others |\n", "|---|---|\n", *rows])


def describe(test):
    return f'"{test["case"]}"' if "case" in test else f'`{os.path.basename(test["program"])} {test["args"]}`'


def check(source, write_table):
    mutations = load(source)
    problems = []
    cases = test_names(source)
    for mutation in mutations:
        try:
            apply(source, mutation)
        except Problem as problem:
            problems.append(f'{mutation["name"]}: {problem}')
        for test in mutation["test"]:
            if "case" in test and test["case"] not in cases:
                problems.append(f'{mutation["name"]}: there is no test "{test["case"]}"')
    names = [mutation["name"] for mutation in mutations]
    problems += [f"{name}: twice" for name in sorted(set(names)) if names.count(name) > 1]
    readme = source / "wal/README.md"
    text = readme.read_text()
    begin, end = text.find(TABLE_BEGIN), text.find(TABLE_END)
    if begin < 0 or end < begin:
        problems.append("wal/README.md has no place for the table")
    else:
        begin += len(TABLE_BEGIN)
        if write_table:
            readme.write_text(text[:begin] + table(mutations) + text[end:])
        elif text[begin:end] != table(mutations):
            problems.append("the table in wal/README.md differs from tests/mutation/mutations.toml: "
                            "add the mutation there, then tests/mutation/run.py --write-table")
    for problem in problems:
        print(problem)
    print(f"{len(mutations)} mutations, {len(problems)} problems")
    return 1 if problems else 0


def copy_tree(source, tree):
    tree.mkdir(parents=True, exist_ok=True)
    listed = subprocess.run(["git", "-C", source, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            check=True, capture_output=True).stdout.split(b"\0")
    names = {os.fsdecode(name) for name in listed if name}
    for name in sorted(names):
        origin, copy = source / name, tree / name
        if not origin.is_file():
            continue
        content = origin.read_bytes()
        if not copy.is_file() or copy.read_bytes() != content:
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(content)
            copy.chmod(origin.stat().st_mode)
    for path in [path for path in tree.rglob("*") if path.is_file()]:
        if str(path.relative_to(tree)) not in names:
            path.unlink()


def run(command, log, timeout):
    log.write("$ " + " ".join(map(str, command)) + "\n")
    log.flush()
    try:
        return subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, timeout=timeout, check=False).returncode
    except subprocess.TimeoutExpired:
        log.write("timeout\n")
        return TIMEOUT


def command_of(build, test):
    program = build / test["program"]
    if "case" in test:
        # A comma would separate patterns.
        return [program, "--test-case=" + test["case"].replace(",", "\\,")]
    return [program, *test["args"].split()]


def try_one(tree, build, mutation, jobs, log):
    """What each named test said."""
    changed = apply(tree, mutation)
    try:
        for path, _, mutated in changed:
            path.write_text(mutated)
        programs = sorted({test["program"] for test in mutation["test"]})
        if run(["ninja", "-C", build, "-j", str(jobs), *programs], log, 600) != 0:
            return "does not compile", False
        outcomes = [run(command_of(build, test), log, TEST_SECONDS) for test in mutation["test"]]
        survived = [describe(test) for test, code in zip(mutation["test"], outcomes) if code == 0]
        if survived:
            return "SURVIVES " + ", ".join(survived), False
        # What waits for ever is noticed too.
        return "caught" + (", by waiting in vain" if TIMEOUT in outcomes else ""), True
    finally:
        for path, original, _ in changed:
            path.write_text(original)


def run_all(source, scratch, only, jobs):
    tree, build = scratch / "tree", scratch / "build"
    copy_tree(source, tree)
    mutations = [m for m in load(tree) if not only or any(text in m["name"] for text in only)]
    programs = sorted({test["program"] for m in mutations for test in m["test"]})
    failed = 0
    with open(scratch / "log.txt", "w", encoding="utf-8") as log:
        if not (build / "build.ninja").exists():
            options = ["--buildtype=plain", "-Db_lto=false", "-Dcpp_args=-O0", "-Dpch=true", "-Ddefault_library=shared"]
            if run(["meson", "setup", build, tree, *options], log, 600) != 0:
                sys.exit(f"meson setup failed: {log.name}")
        if run(["ninja", "-C", build, "-j", str(jobs), *programs], log, 1800) != 0:
            sys.exit(f"the unbroken tree does not build: {log.name}")
        for test in {tuple(sorted(test.items())): test for m in mutations for test in m["test"]}.values():
            if run(command_of(build, test), log, TEST_SECONDS) != 0:
                failed += 1
                print(f"FAILS UNBROKEN  {describe(test)}", flush=True)
        for mutation in mutations:
            begin = time.monotonic()
            log.write(f'\n=== {mutation["name"]}\n')
            try:
                outcome, good = try_one(tree, build, mutation, jobs, log)
            except Problem as problem:
                outcome, good = f"DOES NOT APPLY: {problem}", False
            failed += not good
            print(f'{time.monotonic() - begin:5.1f} s  {mutation["name"]}: {outcome}', flush=True)
    print(f"{len(mutations)} mutations, {failed} not caught" + (f": {scratch / 'log.txt'}" if failed else ""))
    return 1 if failed or not mutations else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, default=Path(__file__).resolve().parents[2])
    parser.add_argument("--build", type=Path, default=None)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--write-table", action="store_true")
    arguments = parser.parse_args()
    source = arguments.source.resolve()
    if arguments.check or arguments.write_table:
        return check(source, arguments.write_table)
    scratch = (arguments.build or source / "build-mutation").resolve()
    return run_all(source, scratch, arguments.only, arguments.jobs)


if __name__ == "__main__":
    sys.exit(main())
