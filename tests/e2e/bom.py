"""bom: the bill of materials of a small model folder."""
import hashlib
import json
import os
import unittest

try:
    import jsonschema
except ImportError:
    jsonschema = None

from program import SOURCE, Case, bartizan


class Bom(Case):
    def setUp(self):
        super().setUp()
        self.model = self.folder / "model"
        self.model.mkdir()
        (self.model / "README.md").write_text("---\nlicense: mit\ndatasets: [glue]\npipeline_tag: sorting\n---\n# M\n")
        (self.model / "weights.bin").write_bytes(b"weights")

    def document(self, *more):
        run = bartizan("bom", self.model, "--quiet", *more)
        self.assertEqual(run.returncode, 0, run.stderr)
        return json.loads(run.stdout)

    def test_standard_output_is_cyclonedx(self):
        for words, version in (((), "1.7"), (("--spec-version", "1.6", "--format", "json"), "1.6")):
            document = self.document(*words)
            self.assertEqual((document["bomFormat"], document["specVersion"]), ("CycloneDX", version))
        model = document["metadata"]["component"]
        self.assertEqual((model["type"], model["name"]), ("machine-learning-model", "model"))
        self.assertEqual(model["licenses"][0]["license"]["id"], "MIT")
        self.assertEqual(model["modelCard"]["modelParameters"]["task"], "sorting")
        files = {one["name"]: one["hashes"][0]["content"] for one in document["components"] if one["type"] == "file"}
        self.assertEqual(files["weights.bin"], hashlib.sha256(b"weights").hexdigest())
        self.assertEqual([one["name"] for one in document["components"] if one["type"] == "data"], ["glue"])

    def test_the_same_time_gives_the_same_bytes(self):
        environment = dict(os.environ, SOURCE_DATE_EPOCH="1700000000")
        runs = [bartizan("bom", self.model, "--quiet", env=environment).stdout for _ in range(2)]
        self.assertEqual(runs[0], runs[1])
        self.assertIn("2023-11-14T22:13:20Z", runs[0])

    def test_with_out_a_summary_is_printed(self):
        out = self.model / "model.cdx.json"
        run = bartizan("bom", self.model, "--quiet", "--out", out, "--format", "json", "--scan")
        self.assertEqual(run.returncode, 0, run.stderr)
        summary = json.loads(run.stdout)
        if jsonschema is not None:
            schema = json.loads((SOURCE / "docs" / "schema" / "bom.schema.json").read_text())
            jsonschema.validators.validator_for(schema)(schema).validate(summary)
        document = json.loads(out.read_text())
        self.assertEqual(document["declarations"]["claims"][0]["target"], "model")
        bartizan("bom", self.model, "--quiet", "--out", out)
        self.assertNotIn("model.cdx.json", [one["name"] for one in json.loads(out.read_text())["components"]])

    def test_bad_input_gets_one_line(self):
        self.assert_refused(bartizan("bom", self.folder / "none"), "none", "check the path")
        self.assert_refused(bartizan("bom", self.model, "--spec-version", "1.5"), "1.7, 1.6")
        self.assert_refused(bartizan("bom", "/dev/null"), "a device")


if __name__ == "__main__":
    unittest.main()
