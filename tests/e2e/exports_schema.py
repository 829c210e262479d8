"""Exports against official schemas, which are no part of this project: those of CycloneDX come by npm, others out of the folder
BARTIZAN_SCHEMAS, where it is set (oscal_assessment-results_schema.json, oscal_poam_schema.json of an OSCAL release). Status 77
(skipped) where nothing can be fetched."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import numpy

import program
import tiny_onnx
from serve import Service

SKIPPED = 77
CHECK = """
const Ajv = require('ajv').default, fs = require('fs'), [schema, document, ...more] = process.argv.slice(2);
const ajv = new Ajv({strict: false, allErrors: true, unicodeRegExp: true});
require('ajv-formats').default(ajv);
for (const name of ['iri-reference', 'idn-email']) ajv.addFormat(name, true);
for (const file of more) { const one = JSON.parse(fs.readFileSync(file)); ajv.addSchema(one, 'http://cyclonedx.org/schema/' + file.split('/').pop()); }
const valid = ajv.compile(JSON.parse(fs.readFileSync(schema)));
if (valid(JSON.parse(fs.readFileSync(document)))) process.exit(0);
console.error(JSON.stringify(valid.errors.slice(0, 10), null, 1));
process.exit(1);
"""


def fetch():
    """A folder with the checker and what npm has; none: not reachable."""
    if not shutil.which("npm") or not shutil.which("node"):
        return None
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bartizan-"))
    (folder / "package.json").write_text('{"private": true}')
    run = subprocess.run(["npm", "install", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=optional", "ajv@8",
                          "ajv-formats@3", "@cyclonedx/cyclonedx-library"], cwd=folder, capture_output=True, timeout=300)
    if run.returncode != 0:
        shutil.rmtree(folder)
        return None
    (folder / "check.js").write_text(CHECK)
    return folder


class Schemas(program.Case):
    def valid(self, schema, document, *more):
        run = subprocess.run(["node", "check.js", schema, document, *more], cwd=FETCHED, capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stderr)
        broken = json.loads(pathlib.Path(document).read_text())
        broken["never heard of"] = 1
        other = self.folder / "broken.json"
        other.write_text(json.dumps(broken))
        run = subprocess.run(["node", "check.js", schema, other, *more], cwd=FETCHED, capture_output=True, text=True)
        self.assertEqual(run.returncode, 1, "the schema lets everything pass")

    def test_exports(self):
        service = Service(self.folder / "state")
        self.addCleanup(service.end)
        env = {**os.environ, "BARTIZAN_SERVER": service.address, "BARTIZAN_KEY": service.read_key()}
        model = self.folder / "m.onnx"
        tiny_onnx.linear(model, numpy.eye(3, dtype="f4"), numpy.zeros(3, dtype="f4"), (3,))

        def run(*words):
            done = program.bartizan(*words, env=env)
            self.assertEqual(done.returncode, 0, done.stderr)

        run("registry", "push", model, "--name", "m")
        for check, verdict, value in (("evasion.whitebox", "pass", 0.412), ("privacy.membership", "fail", 0.71)):
            run("evidence", "add", "--subject", "model:m@1", "--check", check, "--verdict", verdict, "--method", "TEST", "--value",
                value, "--samples", 400, "--summary", "a *word* <b> | `x`")
        run("inventory", "set", "model:m", "--owner", "anna", "--purpose", "sorts clothes", "--modality", "image")
        library = FETCHED / "node_modules/@cyclonedx/cyclonedx-library/res/schema"
        more = [library / f"{name}.SNAPSHOT.schema.json" for name in ("spdx", "jsf-0.82", "cryptography-defs")]
        for spec in ("1.6", "1.7"):
            out = self.folder / f"bom-{spec}.json"
            run("export", "cyclonedx", "model:m", "--spec", spec, "--out", out)
            self.valid(library / f"bom-{spec}.SNAPSHOT.schema.json", out, *more)
        schemas = os.environ.get("BARTIZAN_SCHEMAS")
        for form, name in (("oscal", "assessment-results"), ("poam", "poam")) if schemas else ():
            for asset in ("model:m", "organisation"):
                out = self.folder / f"{form}.json"
                run("export", form, asset, "--out", out)
                self.valid(pathlib.Path(schemas) / f"oscal_{name}_schema.json", out)


if __name__ == "__main__":
    FETCHED = fetch()
    if FETCHED is None:
        print("skipped: npm does not reach its registry")
        sys.exit(SKIPPED)
    try:
        unittest.main(exit=False).result.wasSuccessful() or sys.exit(1)
    finally:
        shutil.rmtree(FETCHED)
