#!/usr/bin/env python3
"""Holds what the report writers write against the published schemas, with someone else's validators.

Usage: check_outputs.py REPORT_TEST_PROGRAM SCHEMA_FOLDER [SARIF_SCHEMA]
The SARIF 2.1.0 schema of OASIS is not in this repository; with a copy of it the whole document is checked.
Exit status 77 (skipped) without the jsonschema package."""
import copy
import json
import os
import pathlib
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
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)


main()
