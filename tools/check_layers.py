#!/usr/bin/env python3
"""Checks every #include against tools/layers.txt. Exit status 1 and one line per stray include.

Usage: check_layers.py [PROJECT_ROOT]"""
import pathlib
import re
import sys

BANNED = re.compile(r"torch/torch\.h|torch/all\.h|ATen/ATen\.h|ATen/Functions\.h")
HEAVY = re.compile(r"^(torch|ATen|c10|caffe2)/")
THIRD_PARTY = re.compile(r"^(torch|ATen|c10|caffe2|onnx|google|openssl|sqlite3|boost)/")


def load_table(root):
    table = {}
    for line in (root / "tools/layers.txt").read_text().splitlines():
        cells = line.split()
        if cells and re.fullmatch(r"T\d", cells[0]):
            table[cells[2]] = (cells[1], set(cells[3:]))
    return table


def check_file(path, module, table):
    kind, granted = table[module]
    is_test = path.stem.endswith(("_test", "_testing"))
    for number, line in enumerate(path.read_text().splitlines(), 1):
        found = re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line)
        if not found:
            continue
        name = found[1]
        first = name.split("/")[0]
        if first in table and first != module and first not in granted and not is_test:
            yield f"{path}:{number}: {module} may not include {name}"
        if kind == "light" and HEAVY.match(name):
            yield f"{path}:{number}: light module {module} reaches LibTorch: {name}"
        if BANNED.search(name) and "torch-headers-allowed" not in line:
            yield f"{path}:{number}: costly header {name}"
        if path.suffix == ".h" and not is_test and THIRD_PARTY.match(name) and not (kind == "tensor" and name == "ATen/core/Tensor.h"):
            yield f"{path}:{number}: third-party header in a header: {name}"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    table = load_table(root)
    stray = []
    for module in sorted(p.name for p in (root / "src").iterdir() if p.is_dir()):
        if module not in table:
            stray.append(f"src/{module}: not in tools/layers.txt")
            continue
        for path in sorted((root / "src" / module).rglob("*")):
            if path.suffix in (".h", ".cpp"):
                stray += check_file(path, module, table)
    print("\n".join(stray) if stray else f"layers: {len(table)} modules, no stray include")
    return 1 if stray else 0


sys.exit(main())
