#!/usr/bin/env python3
"""Golden runs: tests/golden/NAME/cmd is a shell command, tests/golden/NAME/expected what it prints (both streams and
the exit status), after times, versions, hashes and paths are replaced by names.

Usage: golden.py BIN_DIR NAME...          compare; exit status 1 and a diff when one differs
       golden.py BIN_DIR --approve NAME...  write what is printed now as expected; look at it before you commit"""
import difflib
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
CANON = [
    (re.compile(r"\b\d+(\.\d+)? (ms|s|min \d\d s)\b"), "<time>"),
    (re.compile(r'("(?:seconds|samples_per_second)": )[-0-9.e+]+'), r"\1<number>"),
    (re.compile(r'("started": )"[^"]*"'), r'\1"<time>"'),
    (re.compile(r"\b[0-9a-f]{64}\b"), "<sha256>"),
    (re.compile(r"\b[Bb]artizan \d+\.\d+\.\d+\b"), "bartizan <version>"),
]


def run(folder, bin_dir):
    command = (folder / "cmd").read_text()
    with tempfile.TemporaryDirectory() as scratch:
        environment = dict(os.environ, PATH=f"{bin_dir}:{os.environ['PATH']}", SOURCE=str(ROOT), LC_ALL="C")
        done = subprocess.run(["sh", "-c", command], cwd=scratch, env=environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=300)
        text = done.stdout.replace(str(ROOT), "<source>").replace(scratch, "<scratch>")
    for pattern, name in CANON:
        text = pattern.sub(name, text)
    return f"{text}exit status {done.returncode}\n"


def main():
    bin_dir, *names = sys.argv[1:]
    bin_dir = pathlib.Path(bin_dir).resolve()
    approve = "--approve" in names
    failed = 0
    for name in [n for n in names if n != "--approve"]:
        folder = ROOT / "tests/golden" / name
        got = run(folder, bin_dir)
        if approve:
            (folder / "expected").write_text(got)
            continue
        expected = (folder / "expected").read_text()
        if got != expected:
            failed = 1
            sys.stdout.writelines(difflib.unified_diff(expected.splitlines(True), got.splitlines(True),
                                                       f"{name}/expected", f"{name} now"))
    return failed


sys.exit(main())
