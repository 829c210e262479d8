#!/usr/bin/env python3
"""Holds what the report writers write against the published schemas, with someone else's validators.

Usage: check_outputs.py REPORT_TEST_PROGRAM SCHEMA_FOLDER [SARIF_SCHEMA]
The SARIF 2.1.0 schema of OASIS is not in this repository; with a copy of it the whole document is checked.
Exit status 77 (skipped) without the jsonschema package."""
import copy
import html.parser
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

try:
    import jsonschema
except ImportError:
    print("python3-jsonschema is not installed")
    sys.exit(77)

problems = []


def expect(truth, what):
    if not truth:
        problems.append(what)


def validator(path):
    schema = json.loads(path.read_text())
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    return kind(schema)


def hold_against(check, document, what):
    for error in list(check.iter_errors(document))[:5]:
        problems.append(f"{what}: {error.json_path}: {error.message[:200]}")


def check_audit(folder, schemas):
    """The samples are valid, and spoiled copies of them are not: a schema that accepts anything tests nothing."""
    check = validator(schemas / "audit.schema.json")
    for name in ("sample", "hardened", "empty"):
        hold_against(check, json.loads((folder / f"{name}.json").read_text()), f"{name}.json")
    good = json.loads((folder / "sample.json").read_text())
    expect(list(good)[0] == "schema", "schema is not the first key")
    spoilers = {
        "no findings list": lambda d: d.pop("findings"),
        "an unknown severity": lambda d: d["findings"][0].update(severity="dire"),
        "a score of 101": lambda d: d["summary"].update(score=101),
        "a failed probe without a reason": lambda d: d["probes"][0].update(status="failed"),
        "a digest that is no digest": lambda d: d["asset"].update(sha256="abc"),
    }
    for what, spoil in spoilers.items():
        bad = copy.deepcopy(good)
        spoil(bad)
        expect(not check.is_valid(bad), f"audit.schema.json accepts {what}")


def check_command_schemas(schemas):
    attack = {"schema": "bartizan.attack/1", "clean_accuracy": 0.9, "robust_accuracy": 0.1, "success_rate": 0.8,
              "samples": 10, "norm": "linf", "eps": 0.1, "max_perturbation": 0.1, "mean_perturbation": 0.05,
              "queries_mean": 1, "gradients_mean": 1, "seconds": 2.5, "samples_per_second": 4}
    evaluate = {"schema": "bartizan.evaluate/1", "accuracy": 0.5, "samples": 2}
    for name, good in (("attack", attack), ("evaluate", evaluate)):
        check = validator(schemas / f"{name}.schema.json")
        hold_against(check, good, name)
        for key in good:
            expect(not check.is_valid({k: v for k, v in good.items() if k != key}), f"{name}: {key} is not required")


def check_sarif(folder, sarif_schema):
    check = validator(pathlib.Path(sarif_schema)) if sarif_schema else None
    for name in ("sample", "hardened", "hostile", "empty"):
        document = json.loads((folder / f"{name}.sarif").read_text())
        if check:
            hold_against(check, document, f"{name}.sarif")
        expect(document["version"] == "2.1.0" and len(document["runs"]) == 1, f"{name}.sarif: not one run of 2.1.0")
        run = document["runs"][0]
        expect(run["tool"]["driver"]["name"] == "Bartizan", f"{name}.sarif: no driver")
        expect("executionSuccessful" in run["invocations"][0], f"{name}.sarif: no executionSuccessful")
        for result in run["results"]:
            expect(result["level"] in ("none", "note", "warning", "error"), f"{name}.sarif: level {result['level']}")


def check_junit(folder):
    for name in ("sample", "hardened", "hostile", "empty"):
        suite = ElementTree.parse(folder / f"{name}.xml").getroot().find("testsuite")
        cases = suite.findall("testcase")
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            found = sum(case.find(tag) is not None for case in cases)
            expect(int(suite.get(attribute)) == found, f"{name}.xml: {attribute} says {suite.get(attribute)}, not {found}")
        expect(int(suite.get("tests")) == len(cases), f"{name}.xml: wrong number of tests")


VOID = {"meta", "link", "br", "img", "input", "circle", "line", "rect", "path", "polyline", "polygon"}


class Page(html.parser.HTMLParser):
    """Collects what a page holds; notes tags left open and attributes given twice."""

    def __init__(self, source):
        super().__init__()
        self.open, self.tags, self.headings, self.text, self.faults = [], [], [], "", []
        self.feed(source)
        self.close()
        if self.open:
            self.faults.append(f"left open: {self.open}")

    def handle_starttag(self, tag, attributes):
        names = [name for name, _ in attributes]
        if len(set(names)) < len(names):
            self.faults.append(f"<{tag}> has an attribute twice")
        self.tags.append((tag, dict(attributes)))
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing")

    def handle_data(self, data):
        self.text += data


def check_loads_nothing(page, what):
    policy = [a.get("content", "") for t, a in page.tags if a.get("http-equiv") == "Content-Security-Policy"]
    expect(policy and policy[0].startswith("default-src 'none'") and "script" not in policy[0], f"{what}: weak policy")
    for tag, attributes in page.tags:
        expect(tag not in ("script", "iframe", "object", "embed", "form", "base", "foreignobject"), f"{what}: <{tag}>")
        for name, value in attributes.items():
            expect(not name.startswith("on"), f"{what}: {name} on <{tag}>")
            if name in ("src", "href", "xlink:href", "srcset", "action", "poster", "background", "data"):
                expect(value.startswith(("data:image/png;base64,", "#")) or value == "data:,", f"{what}: {name}={value[:60]}")


def check_accessible(page, what):
    expect(page.headings.count(1) == 1 and page.headings[0] == 1, f"{what}: not one h1 that leads")
    for before, after in zip(page.headings, page.headings[1:]):
        expect(after <= before + 1, f"{what}: h{after} after h{before}")
    ids = [a["id"] for _, a in page.tags if "id" in a]
    expect(len(ids) == len(set(ids)), f"{what}: an id is there twice")
    for tag, attributes in page.tags:
        if tag == "img":
            expect(attributes.get("alt"), f"{what}: a picture without words")
        if tag == "svg":
            expect(attributes.get("aria-label") or attributes.get("aria-hidden") == "true", f"{what}: a drawing without words")
        if attributes.get("href", "").startswith("#"):
            expect(attributes["href"][1:] in ids, f"{what}: {attributes['href']} leads nowhere")


def luminance(colour):
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    parts = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(a, b):
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def check_style(source, what):
    """WCAG 2.1: 4.5 for text (1.4.3), 3 for lines of plots (1.4.11); nothing in the style sheet is loaded."""
    style = source[source.index("<style>"):source.index("</style>")]
    expect("url(" not in style and "@import" not in style, f"{what}: the style sheet loads something")
    for scheme in ("light", "dark"):
        block = re.search(r"color-scheme:" + scheme + r";([^}]*)", style).group(1)
        colours = dict(re.findall(r"--([a-z0-9-]+):(#[0-9a-f]{6})", block))
        expect(len(colours) >= 22, f"{what}: {scheme} has {len(colours)} colours")
        severities = ("critical", "high", "medium", "low", "info")
        pairs = [(text, ground) for text in ("ink", "muted") for ground in ("paper", "card", "quiet")]
        pairs += [(s, s + "-tint") for s in severities] + [(s, "card") for s in severities] + [("good", "card")]
        for text, ground in pairs:
            ratio = contrast(colours[text], colours[ground])
            expect(ratio >= 4.5, f"{what}: {scheme}: {text} on {ground} is {ratio:.2f}")
        for series in ("s0", "s1", "s2", "s3", "s4", "s5"):
            expect(contrast(colours[series], colours["card"]) >= 3, f"{what}: {scheme}: {series} is too faint")


def check_html(folder):
    for path in sorted(folder.glob("*.html")):
        source = path.read_text()
        page = Page(source)
        expect(not page.faults, f"{path.name}: {page.faults[:3]}")
        check_loads_nothing(page, path.name)
        check_accessible(page, path.name)
        check_style(source, path.name)
    report = json.loads((folder / "sample.json").read_text())
    page = Page((folder / "sample.html").read_text())
    for finding in report["findings"]:
        for field in ("title", "explanation", "remediation", "rule"):
            expect(finding[field] in page.text, f"sample.html lacks the {field} of {finding['rule']}")
    for probe in report["probes"]:
        expect(probe["title"] in page.text and probe.get("reason", "") in page.text, f"sample.html lacks {probe['name']}")
    hostile = Page((folder / "hostile.html").read_text())
    expect("<script>alert('1')</script>" in hostile.text, "hostile.html: the hostile text is not shown as text")


def main():
    program, schemas = sys.argv[1], pathlib.Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        subprocess.run([program, "--gtest_filter=SampleFiles.*"], check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, "BARTIZAN_SAMPLE_OUT": name}, timeout=60)
        check_audit(folder, schemas)
        check_command_schemas(schemas)
        check_sarif(folder, sys.argv[3] if len(sys.argv) > 3 else None)
        check_junit(folder)
        check_html(folder)
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)


main()
