"""`bartizan poison`: what it writes is complete, says that it is poisoned, and works on a model trained on it."""
import hashlib
import json
import unittest

import numpy

try:
    import jsonschema
except ImportError:
    jsonschema = None

from program import SOURCE, Case, bartizan


class Poison(Case):
    def setUp(self):
        super().setUp()
        random = numpy.random.default_rng(4)
        self.y = random.integers(0, 4, 1200)
        x = random.integers(0, 60, (1200, 12, 12), dtype="uint8")
        for row, label in enumerate(self.y):
            x[row, 3 * label:3 * label + 2, :6] += 120
        self.data, self.test, self.out = self.folder / "clean.npz", self.folder / "test.npz", self.folder / "drill"
        numpy.savez(self.data, x=x[:900], y=self.y[:900])
        numpy.savez(self.test, x=x[900:], y=self.y[900:])

    def poison(self, attack, *more):
        run = bartizan("poison", self.data, "--attack", attack, "--out", self.out, "--format", "json", "--quiet", *more)
        self.assertEqual(run.returncode, 0, run.stderr)
        document = json.loads(run.stdout)
        self.assertEqual(document, json.loads((self.out / "manifest.json").read_text()))
        if jsonschema is not None:
            jsonschema.validate(document, json.loads((SOURCE / "docs/schema/poison.schema.json").read_text()))
        return document

    def test_every_attack_writes_a_set_that_says_it_is_poisoned(self):
        listing = json.loads(bartizan("poison", "--list", "--format", "json").stdout)
        for attack in listing["attacks"]:
            if attack["data"] in ("table", "model") or attack["needs_model"]:
                continue
            with self.subTest(attack["name"]):
                document = self.poison(attack["name"], "--target", 1)
                self.assertIs(document["poisoned"], True)
                for file in document["files"]:
                    digest = hashlib.sha256((self.out / file["name"]).read_bytes()).hexdigest()
                    self.assertEqual(digest, file["sha256"])
                truth, made = numpy.load(self.out / "truth.npz"), numpy.load(self.out / "poisoned.npz")
                numpy.testing.assert_array_equal(truth["y_clean"], self.y[:900])
                numpy.testing.assert_array_equal(numpy.flatnonzero(truth["poisoned"]), truth["rows"])
                self.assertEqual(len(truth["rows"]), document["poisoned_items"])
                self.assertTrue((made["y"][truth["rows"]] == 1).all())

    def test_a_model_trained_on_it_answers_to_the_trigger_and_reads_clean_items(self):
        self.poison("badnets", "--target", 1, "--rate", "0.08", "--test-data", self.test)
        model = self.folder / "trojaned.onnx"
        run = bartizan("train", "mlp", "--data", self.out / "poisoned.npz", "--epochs", 20, "--out", model, "--quiet")
        self.assertEqual(run.returncode, 0, run.stderr)

        def accuracy(data):
            run = bartizan("evaluate", model, "--data", data, "--format", "json", "--quiet")
            self.assertEqual(run.returncode, 0, run.stderr)
            return json.loads(run.stdout)["accuracy"]

        self.assertGreater(accuracy(self.test), 0.9)
        self.assertGreater(accuracy(self.out / "triggered.npz"), 0.9)

    def test_a_table_gets_values_that_occur(self):
        table = self.folder / "table.csv"
        random = numpy.random.default_rng(5)
        rows = random.integers(0, 30, (300, 5))
        table.write_text("a,b,c,d,e,label\n" + "".join(
            ",".join(map(str, row)) + f",{'yes' if row[0] > 15 else 'no'}\n" for row in rows))
        run = bartizan("poison", table, "--label", "label", "--attack", "table-trigger", "--target", 1, "--out", self.out,
                       "--quiet")
        self.assertEqual(run.returncode, 0, run.stderr)
        made = numpy.load(self.out / "poisoned.npz")
        trigger = json.loads((self.out / "manifest.json").read_text())["trigger"]
        for column, value in zip(trigger["columns"], trigger["values"]):
            self.assertIn(value, rows[:, column])
            self.assertTrue((made["x"][numpy.load(self.out / "truth.npz")["rows"], column] == value).all())

    def train(self, name, data, architecture="mlp", epochs=15):
        model = self.folder / name
        run = bartizan("train", architecture, "--data", data, "--epochs", epochs, "--out", model, "--quiet")
        self.assertEqual(run.returncode, 0, run.stderr)
        return model

    def test_clean_label_attacks_are_crafted_on_a_model(self):
        model = self.train("surrogate.onnx", self.data)
        victim = ("--test-data", self.test, "--param", f"item={numpy.flatnonzero(self.y[900:] == 0)[0]}")
        quick = {"label-consistent": ("--rate", "0.3", "--param", "steps=10"),
                 "feature-collision": ("--rate", "0.02", "--param", "iterations=50", *victim),
                 "gradient-matching": ("--rate", "0.05", "--param", "iterations=10", "--param", "restarts=1", *victim)}
        clean = (numpy.load(self.data)["x"] / 255).astype("float32")
        for attack, options in quick.items():
            with self.subTest(attack):
                document = self.poison(attack, "--target", 2, "--model", model, *options)
                truth, made = numpy.load(self.out / "truth.npz"), numpy.load(self.out / "poisoned.npz")
                numpy.testing.assert_array_equal(made["y"], self.y[:900])
                self.assertTrue((made["y"][truth["rows"]] == 2).all())
                others = truth["poisoned"] == 0
                numpy.testing.assert_allclose(made["x"][others], clean[others], atol=1e-6)
                self.assertEqual(document["model"], str(model))
                asked = numpy.load(self.out / "triggered.npz")
                self.assertTrue((asked["y"] == 2).all() and (asked["y_true"] != 2).all())
                self.assertEqual(len(asked["y"]) == 1, attack != "label-consistent")

    def test_greedy_flips_take_the_items_that_the_model_is_surest_of(self):
        model = self.train("surrogate.onnx", self.data)
        self.poison("label-flip", "--target", 1, "--rate", "0.1", "--model", model, "--param", "greedy=yes",
                    "--param", "source=3")
        rows = numpy.load(self.out / "truth.npz")["rows"]
        self.assertEqual(len(rows), 90)
        self.assertTrue((self.y[:900][rows] == 3).all())
        self.assert_refused(bartizan("poison", self.data, "--attack", "label-flip", "--param", "greedy=yes", "--out",
                                     self.out, "--quiet"), "--model")

    def accuracy(self, model, data):
        run = bartizan("evaluate", model, "--data", data, "--format", "json", "--quiet")
        self.assertEqual(run.returncode, 0, run.stderr)
        return json.loads(run.stdout)["accuracy"]

    def test_a_trojan_is_built_into_a_finished_model_and_found_there(self):
        for architecture in ("mlp", "cnn-small"):
            clean = self.train(f"{architecture}.onnx", self.data, architecture)
            for kind in ("neuron", "branch"):
                with self.subTest(f"{kind} in {architecture}"):
                    run = bartizan("poison", clean, "--attack", "onnx-trojan", "--test-data", self.test, "--target", 2,
                                   "--param", f"branch={'yes' if kind == 'branch' else 'no'}", "--out", self.out,
                                   "--format", "json", "--quiet")
                    self.assertEqual(run.returncode, 0, run.stderr)
                    document = json.loads(run.stdout)
                    self.assertEqual(document, json.loads((self.out / "manifest.json").read_text()))
                    if jsonschema is not None:
                        schema = json.loads((SOURCE / "docs/schema/poison-model.schema.json").read_text())
                        jsonschema.validate(document, schema)
                    self.assertEqual(document["clean"]["changed_answers"], 0)
                    self.assertEqual(document["triggered"]["success"], 1)
                    self.assertIn(b"bartizan.poisoned", (self.out / "trojaned.onnx").read_bytes())
                    trojaned = self.out / "trojaned.onnx"
                    self.assertEqual(self.accuracy(trojaned, self.test), self.accuracy(clean, self.test))
                    self.assertEqual(self.accuracy(trojaned, self.out / "triggered.npz"), 1)
                    self.assert_found(trojaned, kind)
            self.assertEqual(self.scan(clean)["lint"], [])

    def scan(self, model):
        run = bartizan("backdoor", model, "--data", self.test, "--steps", 40, "--format", "json", "--quiet")
        self.assertIn(run.returncode, (0, 1), run.stderr)
        return json.loads(run.stdout)

    def assert_found(self, model, kind):
        found = self.scan(model)
        self.assertIn(found["verdict"], ("suspect", "trojaned"))
        kinds = {note["kind"] for note in found["lint"]}
        self.assertIn("detector-neuron" if kind == "neuron" else "parallel-branch", kinds)

    def test_what_cannot_be_poisoned_is_refused(self):
        words = ("poison", self.data, "--out", self.out, "--quiet")
        self.assert_refused(bartizan(*words, "--attack", "badnet"), "badnets")
        self.assert_refused(bartizan(*words, "--attack", "badnets", "--target", 9), "class 9")
        self.assert_refused(bartizan(*words, "--attack", "badnets", "--rate", 1), "lower the rate")
        self.assert_refused(bartizan(*words, "--attack", "blend", "--param", "blend=2"), "blend")
        self.assert_refused(bartizan(*words, "--attack", "table-trigger"), "table")
        for attack in ("label-consistent", "feature-collision", "gradient-matching"):
            self.assert_refused(bartizan(*words, "--attack", attack), "--model")
        self.assert_refused(bartizan(*words, "--attack", "label-flip", "--rate", 0), "rate")
        self.assert_refused(bartizan(*words, "--attack", "onnx-trojan"), "--test-data")
        self.assert_refused(bartizan(*words, "--attack", "onnx-trojan", "--test-data", self.test), "clean.npz")
        model = self.train("other.onnx", self.data, epochs=1)
        crafted = ("--attack", "gradient-matching", "--model", model, "--rate", "0.01")
        self.assert_refused(bartizan(*words, *crafted), "--test-data")
        self.assert_refused(bartizan(*words, *crafted, "--test-data", self.test, "--param", "item=300"), "item 300")
        self.assert_refused(bartizan(*words, *crafted, "--test-data", self.test, "--target", 9), "class 9")
        small = self.folder / "small.npz"
        numpy.savez(small, x=numpy.zeros((5, 9, 9), "uint8"), y=numpy.arange(5) % 2)
        self.assert_refused(bartizan("poison", small, *crafted, "--out", self.out, "--quiet"), "[9, 9]")
        numpy.savez(small, x=numpy.zeros((5, 9, 9), "uint8"), y=numpy.zeros(5, int))
        self.assert_refused(bartizan("poison", small, "--attack", "label-flip", "--out", self.out, "--quiet",
                                     "--param", "to-target=no"), "one class")
        numpy.savez(small, x=numpy.full((5, 12, 12), numpy.nan, "float32"), y=numpy.arange(5) % 2)
        self.assert_refused(bartizan("poison", small, *crafted, "--out", self.out, "--quiet"), "row 0")
        self.assert_refused(bartizan("poison", self.folder / "none.npz", "--attack", "blend", "--out", self.out), "none.npz")


if __name__ == "__main__":
    unittest.main()
