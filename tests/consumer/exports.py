"""A shared library exports what its public headers declare, and nothing else of ours.

exports.py LIBRARY NAMESPACE HEADERS
Weak symbols are left out: they are instantiations of the standard library, which exports its own
namespace; each is found in every program that uses the same template.
"""
import pathlib
import re
import subprocess
import sys


def names(library, namespace):
    """The names that strong symbols have inside `namespace`: of a class, function or object."""
    inside = re.compile(r'\w+ [TDBRAS] (?:vtable for |typeinfo (?:name )?for )?' + namespace + r'::(\w+)')
    lines = subprocess.run(['nm', '-DC', '--defined-only', library], check=True, text=True,
                           capture_output=True).stdout.splitlines()
    strong = [line for line in lines if line.split()[1] not in 'WVu']
    found = {line: inside.match(line) for line in strong}
    return {line: match.group(1) if match else None for line, match in found.items()}


def main():
    library, namespace, headers = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    words = set(re.findall(r'\w+', '\n'.join(h.read_text() for h in headers.glob('*.h'))))
    exported = names(library, namespace)
    bad = sorted(line for line, name in exported.items() if name is None or name not in words)
    assert exported, f'{library} exports nothing'
    assert not bad, f'{library} exports what {headers} does not declare:\n' + '\n'.join(bad)
    print(f'{len(exported)} symbols, all declared')


main()
