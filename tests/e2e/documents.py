"""What the commands print as JSON is what docs/schema/ promises, held against it by somebody else's validator."""
import json
import unittest

import numpy

try:
    import jsonschema
except ImportError:
    jsonschema = None

from program import SOURCE, Case, bartizan
from tiny_onnx import linear


@unittest.skipIf(jsonschema is None, "python3-jsonschema is not installed")
class Documents(Case):
    def setUp(self):
        super().setUp()
        random = numpy.random.default_rng(3)
        x = random.random((60, 1, 4, 4)).astype("float32")
        weight = random.normal(size=(3, 16)).astype("float32")
        self.model = linear(self.folder / "linear.onnx", weight, numpy.zeros(3, "float32"), [1, 4, 4])
        self.data = self.folder / "d.npz"
        numpy.savez(self.data, x=x, y=(x.reshape(60, 16) @ weight.T).argmax(1))

    def run_command(self, *words):
        run = bartizan(*words, "--quiet")
        if "has no command" in run.stderr:
            self.skipTest(run.stderr.strip())
        self.assertIn(run.returncode, (0, 1), run.stderr)
        return run

    def hold(self, command, document):
        schema = json.loads((SOURCE / "docs" / "schema" / f"{command}.schema.json").read_text())
        kind = jsonschema.validators.validator_for(schema)
        faults = [f"{fault.json_path}: {fault.message[:200]}" for fault in kind(schema).iter_errors(document)]
        self.assertEqual(faults, [])
        self.assertEqual(next(iter(document)), "schema")

    def test_evaluate(self):
        run = self.run_command("evaluate", self.model, "--data", self.data, "--format", "json")
        self.hold("evaluate", json.loads(run.stdout))

    def test_backdoor(self):
        out = self.folder / "trojan"
        run = self.run_command("backdoor", self.model, "--data", self.data, "--reference", self.model, "--out", out,
                               "--format", "json")
        document = json.loads(run.stdout)
        self.hold("backdoor", document)
        self.assertTrue(document["calibrated"])
        self.assertEqual(document["verdict"], "clean")  # held against itself
        self.assertTrue((out / "trigger.png").is_file())
        bare = json.loads(self.run_command("backdoor", self.model, "--fail-on", "never", "--format", "json").stdout)
        self.hold("backdoor", bare)
        self.assertFalse(bare["calibrated"])
        self.assertIsNone(bare["trigger"])

    def test_backdoor_against_results_and_models_of_its_own(self):
        out = self.folder / "alone"
        self.run_command("backdoor", self.model, "--data", self.data, "--out", out, "--fail-on", "never")
        again = json.loads(self.run_command("backdoor", self.model, "--data", self.data, "--reference",
                                            out / "result.json", "--format", "json").stdout)
        self.assertTrue(again["calibrated"])
        self.assertEqual((again["verdict"], again["score"]), ("clean", 0))  # held against itself
        other = bartizan("backdoor", self.model, "--data", self.data, "--seed", "5", "--reference", out / "result.json")
        self.assertEqual(other.returncode, 2)
        self.assertIn("measured on other items", other.stderr)
        few = bartizan("backdoor", self.model, "--data", self.data, "--make-references", "2")
        self.assertEqual(few.returncode, 2)
        self.assertIn("at least 100 items", few.stderr)
        x, y = numpy.load(self.data)["x"], numpy.load(self.data)["y"]
        numpy.savez(self.folder / "more.npz", x=numpy.concatenate([x, x]), y=numpy.concatenate([y, y]))
        made = json.loads(self.run_command("backdoor", self.model, "--data", self.folder / "more.npz",
                                           "--make-references", "3", "--fail-on", "never", "--format", "json").stdout)
        self.hold("backdoor", made)
        self.assertEqual(len(made["made_references"]), 3)
        self.assertEqual(made["false_positive_rate"]["references"], 3)

    def test_attack(self):
        run = self.run_command("attack", self.model, "--data", self.data, "--attack", "fgsm", "--eps", "0.1", "--format", "json")
        self.hold("attack", json.loads(run.stdout))

    def test_harden(self):
        run = self.run_command("harden", self.model, "--data", self.data, "--method", "pgd", "--eps", "0.05", "--epochs", "1",
                               "--out", self.folder / "hard.onnx", "--format", "json")
        self.hold("harden", json.loads(run.stdout))

    def test_private_training(self):
        arguments = ("--data", self.data, "--epochs", "1", "--batch-size", "32", "--format", "json")
        run = self.run_command("harden", self.model, *arguments, "--method", "dp-sgd", "--param", "delta=1e-4",
                               "--out", self.folder / "private.onnx")
        document = json.loads(run.stdout)
        self.hold("harden-private", document)
        self.assertLessEqual(document["privacy"]["epsilon"], 8)
        self.assertTrue(document["begun_anew"])
        self.assertFalse(document["privacy"]["noise_can_be_repeated"])
        run = self.run_command("train", "mlp", *arguments, "--dp-epsilon", "2", "--out", self.folder / "own.onnx")
        self.hold("train-private", json.loads(run.stdout))
        run = self.run_command("dp-account", "--rate", "0.01", "--steps", "10000", "--noise", "1.1", "--format", "json")
        document = json.loads(run.stdout)
        self.hold("dp-account", document)
        self.assertAlmostEqual(document["epsilon"], 5.2029, places=4)
        self.assertAlmostEqual(document["epsilon_renyi"], 5.6320, places=4)

    def test_repair(self):
        run = self.run_command("harden", self.model, "--data", self.data, "--test-data", self.data, "--method", "repair",
                               "--param", "steps=5", "--out", self.folder / "repaired.onnx", "--format", "json")
        document = json.loads(run.stdout)
        self.hold("harden-repair", document)
        self.assertEqual(document["repaired"], (self.folder / "repaired.onnx").is_file())

    def test_audit(self):
        out = self.folder / "audit"
        self.run_command("audit", self.model, "--data", self.data, "--out", out, "--fail-on", "never")
        document = json.loads((out / "report.json").read_text())
        self.hold("audit", document)
        self.assertTrue(document["probes"])
        for name in ("report.html", "report.sarif", "junit.xml"):
            self.assertTrue((out / name).is_file(), name)


if __name__ == "__main__":
    unittest.main()
