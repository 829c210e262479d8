"""Runs the built programs as a user would. The folder of the programs comes in BARTIZAN_BIN_DIR."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

BIN = pathlib.Path(os.environ["BARTIZAN_BIN_DIR"])
SOURCE = pathlib.Path(os.environ["BARTIZAN_SOURCE_DIR"])


def bartizan(*words, timeout=300, **more):
    """Runs `bartizan WORDS`; gives status, stdout and stderr as text."""
    return subprocess.run([BIN / "bartizan", *map(str, words)], capture_output=True, text=True, timeout=timeout, **more)


class Case(unittest.TestCase):
    """A test case with an empty folder of its own."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bartizan-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def assert_refused(self, run, *parts, status=2):
        """The contract for bad input: the status, nothing on standard output, one line that says what."""
        self.assertEqual(run.returncode, status, run.stderr)
        self.assertEqual(run.stdout, "")
        self.assertEqual(run.stderr.count("\n"), 1, run.stderr)
        self.assertTrue(run.stderr.startswith("bartizan: "), run.stderr)
        for part in parts:
            self.assertIn(part, run.stderr)
