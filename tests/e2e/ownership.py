"""`bartizan ownership`: a mark is taught, found in its model and not in others; proofs that are broken are refused."""
import json
import unittest

import numpy

try:
    import jsonschema
except ImportError:
    jsonschema = None

from program import SOURCE, Case, bartizan


class Ownership(Case):
    def setUp(self):
        super().setUp()
        random = numpy.random.default_rng(5)
        centres = random.random((4, 12, 12))
        y = random.integers(0, 4, 700)
        x = (centres[y] * 0.5 + 0.25 + random.normal(0, 0.15, (700, 12, 12))).clip(0, 1).astype("float32")
        self.train_data, self.test = self.folder / "train.npz", self.folder / "test.npz"
        numpy.savez(self.train_data, x=x[:500], y=y[:500])
        numpy.savez(self.test, x=x[500:], y=y[500:])
        self.mine = self.train("mine.onnx", 0)

    def train(self, name, seed):
        path = self.folder / name
        run = bartizan("train", "mlp", "--data", self.train_data, "--epochs", 4, "--seed", seed, "--out", path, "--quiet", "--threads", 1)
        self.assertEqual(run.returncode, 0, run.stderr)
        return path

    def ownership(self, word, *words, status=0):
        run = bartizan("ownership", word, *words, "--format", "json", "--quiet", "--threads", 1)
        self.assertEqual(run.returncode, status, run.stderr + run.stdout)
        document = json.loads(run.stdout)
        if jsonschema is not None:
            jsonschema.validate(document, json.loads((SOURCE / f"docs/schema/ownership-{word}.schema.json").read_text()))
        return document

    def test_a_watermark_is_found_in_its_model_alone(self):
        marked, proof = self.folder / "marked.onnx", self.folder / "mark.npz"
        made = self.ownership("embed", self.mine, "--data", self.train_data, "--test-data", self.test, "--out", marked,
                              "--proof", proof, "--triggers", 40, "--epochs", 30, "--lr", "0.05")
        self.assertGreaterEqual(made["matches"], 36)
        self.assertFalse(made["repeatable"])
        self.assertGreater(made["accuracy"], made["accuracy_before"] - 0.03)
        self.assertEqual(self.ownership("verify", marked, "--proof", proof)["verdict"], "match")
        other = self.ownership("verify", self.train("other.onnx", 9), "--proof", proof, status=1)
        self.assertEqual(other["verdict"], "no match")
        # Half the weights' file cut off is no proof, and neither is any other array file.
        broken = self.folder / "broken.npz"
        broken.write_bytes(proof.read_bytes()[:900])
        self.assert_refused(bartizan("ownership", "verify", marked, "--proof", broken), "broken.npz")
        self.assert_refused(bartizan("ownership", "verify", marked, "--proof", self.test), "facts")

    def test_a_fingerprint_carries_its_null_distribution(self):
        proof = self.folder / "print.npz"
        made = self.ownership("fingerprint", self.mine, "--data", self.train_data, "--out", proof, "--points", 40,
                              "--references", 4, "--eps", "0.4")
        self.assertEqual(len(made["independent"]), 4)
        self.assertLess(made["independent_mean"], 1)
        found = self.ownership("verify", self.mine, "--proof", proof, "--alpha", "0.05")
        self.assertEqual(found["match_rate"], 1)
        bare = self.folder / "bare.npz"
        self.ownership("fingerprint", self.mine, "--data", self.train_data, "--out", bare, "--references", 0, "--eps", "0.4")
        self.assertEqual(self.ownership("verify", self.mine, "--proof", bare, status=1)["verdict"], "not judged")

    def test_dataset_inference_says_no_more_than_it_can(self):
        document = self.ownership("dataset", self.mine, "--members", self.train_data, "--nonmembers", self.test,
                                  "--references", 0, status=1)
        self.assertEqual(document["verdict"], "not judged")
        judged = self.ownership("dataset", self.train("again.onnx", 4), "--members", self.test, "--nonmembers",
                                self.train_data, "--references", 3, "--epochs", 4, status=1)
        self.assertEqual(judged["verdict"], "does not support", "it never saw those members")
        self.assertEqual(len(judged["independent"]), 3)


if __name__ == "__main__":
    unittest.main()
