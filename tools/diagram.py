#!/usr/bin/env python3
"""Draws the modules of tools/layers.txt as the diagram in docs/architecture.md.

Usage: diagram.py            write it
       diagram.py --check    exit status 1 when what is there differs from the table"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/architecture.md"
BEGIN = "<!-- diagram: made by tools/diagram.py from tools/layers.txt -->\n"
END = "<!-- end of diagram -->"


def rows():
    for line in (ROOT / "tools/layers.txt").read_text().splitlines():
        cells = line.split()
        if cells and re.fullmatch(r"T\d", cells[0]):
            yield cells[0], cells[1], cells[2], cells[3:]


def reduced(below, table):
    """The arrows that are not implied by another arrow: the picture shows no shortcut."""
    def reach(module):
        out = set()
        for next_module in table[module]:
            out |= {next_module} | reach(next_module)
        return out
    return [m for m in below if not any(m in reach(other) for other in below if other != m)]


def diagram():
    modules = list(rows())
    table = {name: below for _, _, name, below in modules}
    out = ["```mermaid", "flowchart TD"]
    out += ["  bartizan([bartizan]) --> cli", "  service([bartizan-service]) --> cli", "  service --> gateway", "  service --> rpc",
            "  engine([bartizan-engine]) --> cli"]
    tops = [n for _, kind, n, _ in modules if kind == "tensor" and not any(n in below for below in table.values())]
    out += [f"  engine --> {name}" for name in tops]
    for _, _, name, below in modules:
        out += [f"  {name} --> {other}" for other in reduced(below, table)]
    tensor = [name for _, kind, name, _ in modules if kind == "tensor"] + ["engine"]
    out += ["  classDef tensor fill:#334155,color:#f8fafc,stroke:#0f172a", f"  class {','.join(tensor)} tensor", "```", ""]
    return "\n".join(out)


def main():
    text = PAGE.read_text()
    before, rest = text.split(BEGIN)
    after = rest[rest.index(END):]
    wanted = before + BEGIN + diagram() + after
    missing = [name for _, _, name, _ in rows() if f"\n| `{name}` |" not in text]
    if missing:
        print("docs/architecture.md: no row for", ", ".join(missing))
        return 1
    if "--check" not in sys.argv:
        PAGE.write_text(wanted)
    elif wanted != text:
        print("docs/architecture.md: the diagram differs from tools/layers.txt; run tools/diagram.py")
        return 1
    return 0


sys.exit(main())
