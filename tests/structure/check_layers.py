#!/usr/bin/env python3
"""Fails when an include or a third-party header crosses a layer the wrong way, or a file breaks a house rule.

What a layer may include of ours is read from CMakeLists.txt (`layer(folder DEPENDS …)`), and those
dependencies themselves must run domain <- commands <- adapters <- api, domain <- projections <- adapters.
Third-party headers: THIRD_PARTY below. House rules: lines <= 110, headers begin with a comment sentence
followed by `#pragma once`. Longer files than 400 lines are listed as warnings.

    check_layers.py [--root DIR]     prints `file:line: what`, exit 1 when there is a violation
"""
import argparse
import pathlib
import re
import sys

MAX_COLUMNS = 110
MAX_TEST_SCRIPT_COLUMNS = 135  # requests and expected answers as literals
HTML_FILES = ("api/docs_page.cpp",)  # a page as one raw string
LONG_FILE_LINES = 400

# Which top-level folder may depend on which.
ORDER = {
    "domain": {"domain"},
    "commands": {"commands", "domain"},
    "projections": {"projections", "domain"},
    "adapters": {"adapters", "projections", "commands", "domain"},
    "api": {"api", "adapters", "projections", "commands", "domain"},
}
PURE = ("domain", "commands", "projections")

# First path segments of third-party headers -> layers (and what is below them) that may include them.
# Boost.Mp11 is how Boost.Describe's lists are walked.
THIRD_PARTY = [
    (r"boost/(describe|mp11)(/|\.hpp)", ("domain", "commands", "projections", "adapters", "api")),
    (r"boost/json", ("adapters", "api")),
    (r"boost/(asio|beast)", ("api",)),
    (r"boost/", ("adapters", "api")),
    (r"rocksdb/", ("adapters/rocksdb",)),
    (r"phonenumbers/", ("adapters/phone",)),
    (r"httplib\.h$", ("adapters/http",)),
    (r"librdkafka/", ("adapters/kafka",)),
    (r"openssl/", ("adapters/crypto", "adapters/http", "api")),
    (r"(spdlog|fmt|prometheus|CLI|toml\+\+)/", ("api",)),
    (r"unicode/", ("domain",)),  # text.cpp: case folding; currency.cpp: ISO 4217
    (r"date/", ("adapters/zones",)),
]
# Rule 3, "the domain is pure": no clock, no random, no I/O, no threads; the rest of the core reads no
# clock past the ports either.
DOMAIN_FORBIDS = {"thread", "mutex", "shared_mutex", "condition_variable", "future", "random", "fstream",
                  "iostream", "filesystem", "ctime", "atomic", "stop_token"}
CLOCK = re.compile(r"\b(system_clock|steady_clock|high_resolution_clock|random_device|clock_gettime)\b")
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')
LAYER = re.compile(r"^layer\(([^)]*)\)", re.M)


def layers_of(root):
    """{folder: set of folders it may include, itself too} from CMakeLists.txt, closed transitively."""
    direct = {}
    text = re.sub(r"#.*", "", (root / "CMakeLists.txt").read_text())
    for call in LAYER.findall(text):
        words = call.split()
        depends, keyword = [], ""
        for word in words[1:]:
            if re.fullmatch("[A-Z_]+", word):
                keyword = word
            elif keyword == "DEPENDS":
                depends.append(word)
        direct[words[0]] = depends
    closed = {}

    def close(folder):
        if folder not in closed:
            closed[folder] = {folder}
            for below in direct.get(folder, ()):
                closed[folder] |= close(below)
        return closed[folder]

    for folder in direct:
        close(folder)
    return closed


def layer_of(path, layers):
    """The longest layer folder that `path` (relative, with slashes) lies in, or None."""
    inside = [folder for folder in layers if path.startswith(folder + "/")]
    return max(inside, key=len) if inside else None


def check_order(layers):
    for folder, below in sorted(layers.items()):
        top = folder.split("/")[0]
        for other in sorted(below):
            if top not in ORDER or other.split("/")[0] not in ORDER[top]:
                yield "CMakeLists.txt", 1, f"layer {folder} may not depend on {other}"


def is_standard(header):
    return "/" not in header and not header.endswith((".h", ".hpp"))


def check_third_party(folder, header):
    """Why `folder` may not include <header>, or None."""
    top = folder.split("/")[0]
    if is_standard(header):
        if top == "domain" and header in DOMAIN_FORBIDS:
            return f"the domain is pure: no <{header}>"
        return None
    for pattern, allowed in THIRD_PARTY:
        if re.match(pattern, header):
            ok = any(folder == a or folder.startswith(a + "/") for a in allowed)
            return None if ok else f"<{header}> belongs to {', '.join(allowed)}"
    return f"{top} includes no system header: <{header}>" if top in PURE else None


def check_includes(path, lines, folder, layers):
    for at, line in enumerate(lines, 1):
        found = INCLUDE.match(line)
        if found and found[1] == '"':
            other = layer_of(found[2], layers)
            if other is None:
                yield path, at, f'"{found[2]}" is not a path from the root into a layer'
            elif other not in layers[folder] or other.split("/")[0] not in ORDER[folder.split("/")[0]]:
                yield path, at, f"{folder} may not include {other}"
        elif found:
            why = check_third_party(folder, found[2])
            if why:
                yield path, at, why
        elif folder.split("/")[0] in PURE and CLOCK.search(line.split("//")[0]):
            yield path, at, "time and random come in through the ports (commands/ports/system.hpp)"


def check_house_rules(path, lines):
    most = MAX_TEST_SCRIPT_COLUMNS if path.startswith("tests/") and path.endswith(".py") else MAX_COLUMNS
    for at, line in enumerate(lines, 1):
        if len(line) > most and path not in HTML_FILES:
            yield path, at, f"{len(line)} columns, at most {most}"
    if path.endswith(".hpp"):
        if not lines or not lines[0].startswith("// "):
            yield path, 1, "a header begins with a comment sentence that says what it is"
        code = next((line for line in lines if line.strip() and not line.startswith("//")), "")
        if code != "#pragma once":
            yield path, 1, "#pragma once follows the opening comment"


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[2])
    root = arguments.parse_args().root
    layers = layers_of(root)
    violations, warnings, files = list(check_order(layers)), [], 0
    for top in [*ORDER, "tests", "scripts"]:
        for file in sorted((root / top).rglob("*")):
            path = file.relative_to(root).as_posix()
            if file.suffix not in (".cpp", ".hpp", ".py") or path.startswith("tests/structure/fixture/"):
                continue
            files += 1
            lines = file.read_text(encoding="utf-8").splitlines()
            folder = layer_of(path, layers)
            if folder:
                violations += check_includes(path, lines, folder, layers)
            elif top in ORDER:
                violations.append((path, 1, "is in no layer of CMakeLists.txt"))
            violations += check_house_rules(path, lines)
            if len(lines) > LONG_FILE_LINES:
                warnings.append(f"{path}: {len(lines)} lines: split it by what it is about")
    for warning in warnings:
        print(f"warning: {warning}")
    for path, at, what in violations:
        print(f"{path}:{at}: {what}")
    print(f"{files} files, {len(violations)} violations, {len(warnings)} warnings")
    return 1 if violations or not files else 0


if __name__ == "__main__":
    sys.exit(main())
