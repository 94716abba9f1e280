"""The requirements check finds what has no test, and reads titles as the tests write them."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECK = pathlib.Path(__file__).with_name("check_requirements.py")


class Requirements(unittest.TestCase):
    def check(self, wanted, tests):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "docs").mkdir()
            (root / "docs" / "requirements.txt").write_text(wanted)
            for name, text in tests.items():
                path = root / "tests" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return subprocess.run([sys.executable, CHECK, "--root", folder], capture_output=True, text=True)

    def test_a_named_requirement_passes(self):
        done = self.check("AAA-01  one\n", {"x_test.cpp": 'TEST_CASE("AAA-01 a thing " \n "is so") {}'})
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("AAA-01 a thing is so", done.stdout)

    def test_a_requirement_without_a_test_fails(self):
        done = self.check("AAA-01  one\nAAA-02  two\n", {"x_test.cpp": 'TEST_CASE("AAA-01 a thing") {}'})
        self.assertEqual(done.returncode, 1)
        self.assertIn("without one: AAA-02", done.stdout)

    def test_a_comment_is_no_test(self):
        self.assertEqual(self.check("AAA-01  one\n", {"x_test.cpp": "// AAA-01"}).returncode, 1)

    def test_ranges_fixtures_and_python_titles_count(self):
        done = self.check("AAA-01  one\nAAA-02  two\nAAA-03  three\nAAA-04  four\n", {
            "x_test.cpp": 'TEST_CASE_FIXTURE(World, "AAA-01..03 hold") {}',
            "e2e/y_test.py": 'def test_it(self):\n    """AAA-04 holds over the port"""\n'})
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_a_malformed_list_fails(self):
        self.assertNotEqual(self.check("AAA-1 one\n", {}).returncode, 0)


if __name__ == "__main__":
    unittest.main()
