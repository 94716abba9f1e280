"""`ringledger openapi` prints a document that a validator of OpenAPI 3.1 is content with."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

VALIDATOR = "openapi-spec-validator==0.7.1"


def validator():
    """The validator's interpreter, in a virtual environment made at first use."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    folder = cache / "ringledger" / "openapi-validator"
    if not (folder / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        pip = [folder / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", VALIDATOR]
        subprocess.run(pip, check=True)
        (folder / "ready").write_text(VALIDATOR)
    return folder / "bin/python"


def verdict(document):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(document, file)
        file.flush()
        return subprocess.run([validator(), "-m", "openapi_spec_validator", "--schema", "3.1", file.name],
                              capture_output=True, text=True, timeout=300)


class OpenApi(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        done = subprocess.run([os.environ["RINGLEDGER"], "openapi"], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        cls.document = json.loads(done.stdout)

    def test_the_document_is_valid(self):
        done = verdict(self.document)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_the_validator_notices_a_path_parameter_that_is_not_described(self):
        broken = json.loads(json.dumps(self.document))
        operation = broken["paths"]["/v1/workspaces/{workspace}"]["get"]
        operation["parameters"] = [p for p in operation["parameters"] if p.get("in") != "path"]
        self.assertNotEqual(verdict(broken).returncode, 0)

    def test_state_and_documents_are_described_too(self):
        self.assertLessEqual({"/healthz", "/readyz", "/metrics", "/version", "/openapi.json", "/docs"},
                             set(self.document["paths"]))


if __name__ == "__main__":
    unittest.main()
