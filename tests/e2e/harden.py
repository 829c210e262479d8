"""`bartizan harden`: a run that was stopped resumes to the same file; who pays is told; wrappers and what they are worth."""
import hashlib
import json
import os
import signal
import subprocess
import time
import unittest

import numpy

try:
    import jsonschema
except ImportError:
    jsonschema = None

from program import BIN, SOURCE, Case, bartizan


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Harden(Case):
    def setUp(self):
        super().setUp()
        random = numpy.random.default_rng(5)
        self.y = random.integers(0, 3, 900)
        self.x = (random.random((900, 1, 8, 8)) * 0.5).astype("float32")
        for row, label in enumerate(self.y):
            self.x[row, 0, 1 + 2 * label:3 + 2 * label] += 0.45
        self.data, self.test = self.folder / "train.npz", self.folder / "test.npz"
        numpy.savez(self.data, x=self.x[:700], y=self.y[:700])
        numpy.savez(self.test, x=self.x[700:], y=self.y[700:], site=random.integers(0, 2, 200))
        self.model = self.folder / "model.onnx"
        run = bartizan("train", "cnn-small", "--data", self.data, "--epochs", 3, "--out", self.model, "--quiet")
        self.assertEqual(run.returncode, 0, run.stderr)

    def words(self, out, *more):
        return ["harden", self.model, "--data", self.data, "--test-data", self.test, "--eps", 0.1, "--out", out, "--format",
                "json", *more]

    def harden(self, out, *more):
        run = bartizan(*self.words(out, "--quiet", *more))
        self.assertEqual(run.returncode, 0, run.stderr)
        told = json.loads(run.stdout)
        self.check(told)
        return told

    def check(self, told):
        if jsonschema is not None:
            name = told["schema"].split(".")[1].split("/")[0]
            jsonschema.validate(told, json.loads((SOURCE / f"docs/schema/{name}.schema.json").read_text()))

    def stopped(self, out, how, *more):
        """Starts the same run, and stops it once there is a checkpoint."""
        run = subprocess.Popen([BIN / "bartizan", *map(str, self.words(out, "--quiet", *more))], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
        checkpoint = self.folder / (out.name + ".checkpoint")
        for _ in range(6000):
            if checkpoint.exists() or run.poll() is not None:
                break
            time.sleep(0.01)
        os.kill(run.pid, how)
        out_text, _ = run.communicate(timeout=60)
        self.assertTrue(checkpoint.exists())
        return run.returncode, out_text

    def test_a_run_that_was_stopped_resumes_to_the_same_file(self):
        more = ("--method", "pgd", "--epochs", 12, "--param", "awp=0.005", "--param", "ema=0.99", "--param", "crop=1",
                "--param", "steps=15")
        whole = self.folder / "whole.onnx"
        told = self.harden(whole, *more)
        self.assertEqual(told["resumed_after"], 0)
        self.assertFalse((self.folder / "whole.onnx.checkpoint").exists())
        for how in (signal.SIGINT, signal.SIGKILL):
            out = self.folder / f"{how.name}.onnx"
            status, text = self.stopped(out, how, *more)
            if how == signal.SIGINT:
                self.assertEqual(status, 3)
                told = json.loads(text)
                self.check(told)
                self.assertFalse(told["complete"])
                self.assertLess(len(told["epochs"]), 12)
                self.assertTrue(out.exists())
            else:
                self.assertEqual(status, -signal.SIGKILL)
                self.assertFalse(out.exists())
            resumed = self.harden(out, "--resume", *more)
            self.assertGreater(resumed["resumed_after"], 0)
            self.assertEqual(len(resumed["epochs"]), 12)
            self.assertEqual(digest(out), digest(whole))
            self.assertFalse((self.folder / (out.name + ".checkpoint")).exists())

    def test_the_checkpoint_of_another_run_is_refused(self):
        out = self.folder / "out.onnx"
        self.stopped(out, signal.SIGKILL, "--method", "pgd", "--epochs", 12, "--param", "steps=15")
        run = bartizan(*self.words(out, "--quiet", "--method", "pgd", "--epochs", 11, "--resume"))
        self.assert_refused(run, "out.onnx.checkpoint", "another training")
        (self.folder / "out.onnx.checkpoint").write_bytes(b"PK\x03\x04 nothing")
        run = bartizan(*self.words(out, "--quiet", "--method", "pgd", "--epochs", 12, "--resume"))
        self.assert_refused(run, "out.onnx.checkpoint")

    def test_methods_and_their_parameters(self):
        out = self.folder / "out.onnx"
        told = self.harden(out, "--method", "free", "--epochs", 4, "--param", "replays=3")
        self.assertGreater(told["after"]["robust_accuracy"], told["before"]["robust_accuracy"])
        told = self.harden(out, "--method", "pgd", "--epochs", 20, "--param", "patience=1", "--param", "clean-weight=0.3",
                           "--param", "schedule=1", "--param", "flip=1", "--lr", 1e-9)
        self.assertTrue(told["stopped_early"])
        self.assertLess(len(told["epochs"]), 20)
        run = bartizan(*self.words(out, "--quiet", "--method", "mart", "--param", "clean-weight=0.3"))
        self.assert_refused(run, "clean-weight")

    def test_groups_are_told_and_who_pays(self):
        told = self.harden(self.folder / "out.onnx", "--method", "pgd", "--epochs", 1, "--group", "site")
        self.assertEqual([group["grouping"] for group in told["groups"]], ["site", "site"])
        self.assertEqual(sum(group["samples"] for group in told["groups"]), 200)
        self.assertEqual(sum(row["right_after"] for row in told["classes"]),
                         sum(group["right_after"] for group in told["groups"]))
        # Labels of one class turned around in training: that class pays.
        y = self.y[:700].copy()
        y[y == 2] = 0
        numpy.savez(self.folder / "wrong.npz", x=self.x[:700], y=y)
        run = bartizan("harden", self.model, "--data", self.folder / "wrong.npz", "--test-data", self.test, "--eps", 0.02,
                       "--method", "plain", "--epochs", 4, "--out", self.folder / "out.onnx", "--quiet", "--format", "json")
        harmed = json.loads(run.stdout)["harmed"]
        self.assertIn(("class", "2", False), [(one["part"], one["name"], one["under_attack"]) for one in harmed])

    def test_columns_of_tables_run_from_0_to_1_for_the_attack_and_keep_their_units_in_the_file(self):
        random = numpy.random.default_rng(2)
        y = random.integers(0, 2, 600)
        income, age = 20000 + 30000 * y + 4000 * random.standard_normal(600), random.integers(18, 80, 600)
        table = self.folder / "people.csv"
        with table.open("w") as file:
            file.write("income,age,label\n")
            file.writelines(f"{one:.0f},{years},{label}\n" for one, years, label in zip(income, age, y))
        model, out = self.folder / "table.onnx", self.folder / "hard.onnx"
        words = ("--data", table, "--label", "label", "--quiet", "--format", "json")
        run = bartizan("train", "mlp", *words, "--epochs", 10, "--out", model)
        self.assertEqual(run.returncode, 0, run.stderr)
        run = bartizan("harden", model, *words, "--method", "pgd", "--eps", 0.05, "--epochs", 5, "--group", "age:40", "--out",
                       out)
        self.assertEqual(run.returncode, 0, run.stderr)
        told = json.loads(run.stdout)
        self.check(told)
        self.assertEqual(len(told["groups"]), 2)
        self.assertGreater(told["after"]["robust_accuracy"], 0.85)
        run = bartizan("evaluate", out, *words)
        self.assertGreater(json.loads(run.stdout)["accuracy"], 0.9)

    def test_both_audits_and_a_page_with_both(self):
        folder = self.folder / "report"
        self.harden(self.folder / "out.onnx", "--method", "pgd", "--epochs", 1, "--report", folder)
        for side in ("before", "after"):
            report = json.loads((folder / side / "report.json").read_text())
            self.assertTrue(report["probes"])
        self.assertIn("After hardening", (folder / "comparison.html").read_text())

    def test_preprocessing_is_no_defence(self):
        for method, more in (("bit-depth", ("--param", "bits=2")), ("jpeg", ("--param", "quality=30")),
                             ("spatial-smoothing", ("--param", "window=3")), ("spatial-smoothing", ("--param", "mean=yes"))):
            out = self.folder / f"{method}.onnx"
            told = self.harden(out, "--method", method, *more)
            self.assertFalse(told["defence"])
            self.assertIn("no defence", (self.folder / f"{method}.onnx.bartizan.yaml").read_text())
            after = told["after"]
            self.assertLessEqual(after["robust_accuracy_adaptive"]["part"], after["robust_accuracy_unaware"]["part"])
            run = bartizan("evaluate", out, "--data", self.test, "--format", "json", "--quiet")
            self.assertEqual(run.returncode, 0, run.stderr)
            self.assertAlmostEqual(json.loads(run.stdout)["accuracy"], after["accuracy"]["share"], 6)

    def test_the_detector_says_who_gets_past_it(self):
        told = self.harden(self.folder / "out.onnx", "--method", "feature-squeezing", "--param", "alarms=0.1")
        self.assertGreaterEqual(told["success_adaptive"]["part"], told["success_unaware"]["part"])
        self.assertLess(told["false_alarms"]["share"], 0.25)
        run = bartizan("evaluate", self.folder / "out.onnx", "--data", self.test, "--format", "json", "--quiet")
        self.assertEqual(run.returncode, 0, run.stderr)

    def test_smoothing_certifies_and_the_file_takes_the_vote(self):
        noisy, out = self.folder / "noisy.onnx", self.folder / "out.onnx"
        self.harden(noisy, "--method", "gaussian", "--epochs", 3, "--param", "sigma=0.2")
        self.model = noisy
        more = ("--method", "smoothing", "--param", "sigma=0.2", "--param", "samples=500", "--param", "items=40")
        told = self.harden(out, *more)
        shares = [point["certified"]["share"] for point in told["curve"]]
        self.assertEqual(shares, sorted(shares, reverse=True))
        self.assertGreater(shares[2], 0.5)
        # 500 votes of 500 at 0.001: the bound is 0.001 ** (1 / 500), and the radius ends there.
        self.assertAlmostEqual(told["curve"][-1]["radius"], 0.2 * 2.2047, 3)
        self.assertEqual(told["items"], self.harden(out, *more, "--threads", 1)["items"])
        run = bartizan("evaluate", out, "--data", self.test, "--format", "json", "--quiet")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertGreater(json.loads(run.stdout)["accuracy"], 0.8)

    def test_temperature_mends_confidence(self):
        # Labels that are wrong one time in five: the model is surer of itself than it is right.
        y = self.y.copy()
        wrong = numpy.random.default_rng(3).random(900) < 0.2
        y[wrong] = (y[wrong] + 1) % 3
        numpy.savez(self.data, x=self.x[:700], y=y[:700])
        numpy.savez(self.test, x=self.x[700:], y=y[700:])
        told = self.harden(self.folder / "out.onnx", "--method", "temperature")
        self.assertLess(told["after"]["expected_calibration_error"], told["before"]["expected_calibration_error"])
        self.assertLess(told["after"]["negative_log_likelihood"], told["before"]["negative_log_likelihood"])
        self.assertEqual(told["after"]["accuracy"], told["before"]["accuracy"])
        run = bartizan("evaluate", self.folder / "out.onnx", "--data", self.test, "--format", "json", "--quiet")
        self.assertAlmostEqual(json.loads(run.stdout)["expected_calibration_error"],
                               told["after"]["expected_calibration_error"], 6)


if __name__ == "__main__":
    unittest.main()
