"""The layer check finds every kind of violation (fixture/ breaks each once) and nothing in a clean tree."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).parent
EXPECTED = {
    "CMakeLists.txt:1: layer commands may not depend on api",
    "CMakeLists.txt:1: layer commands may not depend on adapters/json",
    "CMakeLists.txt:1: layer commands may not depend on adapters/rocksdb",
    "CMakeLists.txt:1: layer commands may not depend on projections",
    "domain/bad.hpp:3: domain may not include commands",
    "domain/bad.hpp:4: <boost/json.hpp> belongs to adapters, api",
    "domain/bad.hpp:6: the domain is pure: no <thread>",
    "domain/bad.hpp:7: domain includes no system header: <unistd.h>",
    "domain/bad.hpp:9: time and random come in through the ports (commands/ports/system.hpp)",
    "commands/shard.hpp:1: a header begins with a comment sentence that says what it is",
    "commands/shard.hpp:3: commands may not include projections",
    "projections/view.hpp:3: <rocksdb/db.h> belongs to adapters/rocksdb",
    "adapters/json/codec.cpp:2: adapters/json may not include adapters/rocksdb",
    "adapters/json/codec.cpp:3: <boost/beast.hpp> belongs to api",
    'adapters/json/codec.cpp:4: "neighbour.hpp" is not a path from the root into a layer',
    "api/main.cpp:2: 123 columns, at most 110",
}


def check(root):
    done = subprocess.run([sys.executable, HERE / "check_layers.py", "--root", root],
                          capture_output=True, text=True)
    return done.returncode, [line for line in done.stdout.splitlines() if ":" in line]


class Layers(unittest.TestCase):
    def test_every_rule_is_found_broken(self):
        code, lines = check(HERE / "fixture")
        self.assertEqual(code, 1)
        self.assertEqual(EXPECTED, set(lines))

    def test_a_clean_tree_passes_and_an_empty_one_does_not(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "CMakeLists.txt").write_text("layer(domain)\n")
            self.assertEqual(check(root)[0], 1)
            (root / "domain").mkdir()
            (root / "domain" / "id.hpp").write_text("// Ids.\n#pragma once\n#include <string>\n")
            self.assertEqual(check(root), (0, []))


if __name__ == "__main__":
    unittest.main()
