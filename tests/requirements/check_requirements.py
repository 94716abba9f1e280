#!/usr/bin/env python3
"""Prints every requirement in scope with the tests that name it in their title.

Reads docs/requirements.txt and the titles under tests/: doctest's TEST_CASE, SUBCASE and SCENARIO in *.cpp,
and in *.py the first docstring line of `def test_…`. Exit 1 when a requirement has no test or the list
is malformed. `--root DIR` reads another tree (its own tests use it)."""
import argparse
import pathlib
import re
import sys

ID = re.compile(r"\b([A-Z]{3,4}-\d{2})\b")
RANGE = re.compile(r"\b([A-Z]{3,4})-(\d{2})\s*(?:\.\.|…)\s*(?:[A-Z]{3,4}-)?(\d{2})\b")
CPP_TITLE = re.compile(r'\b(?:TEST_CASE|TEST_CASE_FIXTURE|TEST_CASE_TEMPLATE|SUBCASE|SCENARIO)\s*\(\s*'
                       r'(?:[A-Za-z_][\w:]*\s*,\s*)?((?:"(?:[^"\\]|\\.)*"\s*)+)')
PY_TITLE = re.compile(r'def (test_\w+)\([^)]*\)[^:]*:\s*(?:r?"""(.+?)(?:"""|\n))?')


def ids_in(title):
    """Every ID a title names; "ASG-04..08" and "ASG-04…08" name all between."""
    found = set(ID.findall(title))
    for noun, first, last in RANGE.findall(title):
        found.update(f"{noun}-{n:02d}" for n in range(int(first), int(last) + 1))
    return found


def titles_in(path):
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix == ".py":
        return [(m.group(2) or m.group(1)).strip() for m in PY_TITLE.finditer(text)]
    pieces = (m.group(1) for m in CPP_TITLE.finditer(text))
    return ["".join(re.findall(r'"((?:[^"\\]|\\.)*)"', piece)) for piece in pieces]


def requirements(path):
    """{id: what it asks}; raises ValueError on a malformed or doubled line."""
    wanted = {}
    for at, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, text = line.partition("  ")
        if not ID.fullmatch(name) or not text.strip() or name in wanted:
            raise ValueError(f"{path}:{at}: expected a new 'ABC-01  what it asks', found: {line}")
        wanted[name] = text.strip()
    return wanted


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[2])
    root = arguments.parse_args().root
    wanted = requirements(root / "docs" / "requirements.txt")
    tests = {name: [] for name in wanted}
    for path in sorted((root / "tests").rglob("*")):
        if path.suffix not in (".cpp", ".hpp", ".py") or "requirements" in path.parts:
            continue
        for title in titles_in(path):
            for name in ids_in(title) & wanted.keys():
                tests[name].append(f"{path.relative_to(root)}: {title}")
    for name, text in wanted.items():
        print(f"{name}  {text}")
        for title in tests[name] or ["NO TEST"]:
            print(f"    {title}")
    missing = [name for name in wanted if not tests[name]]
    print(f"\n{len(wanted) - len(missing)} of {len(wanted)} requirements have a test"
          + (f"; without one: {' '.join(missing)}" if missing else ""))
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
