"""`bartizan attack` and `inspect` on a linear classifier, where the best attack is known in closed form."""
import json
import signal
import subprocess
import unittest

import numpy

from program import BIN, Case, bartizan
from tiny_onnx import linear

EPS = 0.1
FIELDS = {"clean_accuracy", "robust_accuracy", "success_rate", "samples", "norm", "eps", "max_perturbation",
          "mean_perturbation", "queries_mean", "gradients_mean", "seconds", "samples_per_second"}


class LinearModel(Case):
    def setUp(self):
        super().setUp()
        random = numpy.random.default_rng(7)
        self.weight = random.normal(size=(2, 16)).astype("float32")
        self.bias = numpy.zeros(2, "float32")
        # Far from 0 and 1, so that the range never cuts the ball.
        self.x = random.uniform(0.3, 0.7, size=(200, 1, 4, 4)).astype("float32")
        scores = self.x.reshape(200, -1) @ self.weight.T
        self.bias[1] = numpy.median(scores[:, 0] - scores[:, 1])
        self.y = (random.random(200) < 0.9) ^ (self.logits(self.x).argmax(1) == 0)
        self.y = self.y.astype("int64")
        self.model = linear(self.folder / "linear.onnx", self.weight, self.bias, [1, 4, 4])
        self.data = self.folder / "data.npz"
        numpy.savez(self.data, x=self.x, y=self.y)

    def logits(self, x):
        return x.reshape(len(x), -1) @ self.weight.T + self.bias

    def attack(self, *words, model=None, data=None):
        return bartizan("attack", model or self.model, "--data", data or self.data, "--attack", "pgd", "--eps", EPS,
                        "--quiet", *words)

    def robust_in_closed_form(self):
        """Correct, and the margin is larger than eps times the l1 length of the weights' difference."""
        logits = self.logits(self.x)
        rows = numpy.arange(len(self.y))
        margin = logits[rows, self.y] - logits[rows, 1 - self.y]
        return (margin > EPS * numpy.abs(self.weight[0] - self.weight[1]).sum()).mean()


class Attack(LinearModel):
    def test_finds_the_optimum_of_a_linear_model(self):
        run = self.attack("--format", "json")
        self.assertEqual(run.returncode, 0, run.stderr)
        result = json.loads(run.stdout)
        self.assertEqual(next(iter(result)), "schema")
        self.assertLessEqual(FIELDS, result.keys())
        self.assertEqual(result["samples"], 200)
        self.assertAlmostEqual(result["clean_accuracy"], (self.logits(self.x).argmax(1) == self.y).mean())
        self.assertAlmostEqual(result["robust_accuracy"], self.robust_in_closed_form())
        self.assertLessEqual(result["max_perturbation"], EPS + 1e-6)

    def test_writes_arrays_that_fool_the_model_within_the_ball(self):
        out = self.folder / "adversarial.npz"
        run = self.attack("--out", out)
        self.assertEqual(run.returncode, 0, run.stderr)
        arrays = numpy.load(out)
        numpy.testing.assert_array_equal(arrays["x"], self.x)
        numpy.testing.assert_array_equal(arrays["y"], self.y)
        self.assertLessEqual(numpy.abs(arrays["x_adv"] - self.x).max(), EPS + 1e-6)
        fooled = self.logits(arrays["x_adv"]).argmax(1) != self.y
        self.assertTrue(fooled[arrays["success"]].all())

    def test_aims_at_the_next_class_when_asked(self):
        result = json.loads(self.attack("--targeted", "--format", "json").stdout)
        untargeted = json.loads(self.attack("--format", "json").stdout)
        # With two classes the next one is the only other one: the same attack.
        self.assertEqual(result["clean_accuracy"], untargeted["clean_accuracy"])
        self.assertEqual(result["robust_accuracy"], untargeted["robust_accuracy"])

    def test_tables_are_attacked_in_columns_from_0_to_1(self):
        random = numpy.random.default_rng(9)
        x = (random.random((100, 3)) * [1000, 1, 50]).astype("float32")
        low, width = x.min(0), x.max(0) - x.min(0)
        weight = numpy.array([[1, 2, -1], [-1, 1, 0.5]], "float32") / width
        scores = x @ weight.T
        bias = numpy.array([0, numpy.median(scores[:, 0] - scores[:, 1])], "float32")
        y = (scores + bias).argmax(1)
        model = linear(self.folder / "table.onnx", weight.astype("float32"), bias, [3])
        data, out = self.folder / "table.npz", self.folder / "adversarial.npz"
        numpy.savez(data, x=x, y=y)
        run = self.attack("--out", out, "--format", "json", model=model, data=data)
        self.assertEqual(run.returncode, 0, run.stderr)
        arrays = numpy.load(out)
        numpy.testing.assert_allclose(arrays["x"], x, rtol=1e-5)
        moved = numpy.abs(arrays["x_adv"] - x) / width
        self.assertGreater(moved.max(), 0.9 * EPS)
        self.assertLessEqual(moved.max(), EPS + 1e-5)

    def test_numbers_do_not_depend_on_the_number_of_threads(self):
        def numbers(threads):
            result = json.loads(self.attack("--format", "json", "--threads", threads, "--seed", 3).stdout)
            return {k: v for k, v in result.items() if k not in ("seconds", "samples_per_second")}
        self.assertEqual(numbers(1), numbers(2))

    def test_ctrl_c_reports_what_was_finished_marked_incomplete(self):
        command = [BIN / "bartizan", "attack", self.model, "--data", self.data, "--attack", "pgd", "--eps", "1e-6",
                   "--steps", "100000", "--restarts", "10", "--format", "json"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            process.communicate(timeout=4)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 3)
        self.assertFalse(json.loads(out)["complete"])


class Refusals(LinearModel):
    def test_names_what_is_wrong_with_the_options(self):
        self.assert_refused(self.attack("--param", "rho"), "NAME=VALUE")
        self.assert_refused(self.attack("--param", "rhoo=1"), "no parameter 'rhoo'")
        self.assert_refused(self.attack("--norm", "l0"), "has no form for l0")
        self.assert_refused(bartizan("attack", self.model, "--data", self.data, "--attack", "pgdd"), "pgd")
        self.assert_refused(self.attack("--range", "1,0"), "--range")
        self.assert_refused(self.attack("--std", "0"), "--std")

    def test_names_what_is_wrong_with_the_data(self):
        def data(name, **arrays):
            path = self.folder / name
            numpy.savez(path, **arrays)
            return path
        self.assert_refused(self.attack(data=self.folder / "none.npz"), "none.npz")
        self.assert_refused(self.attack(data=data("shape.npz", x=self.x[:, :, :3], y=self.y)), "[1, 3, 4]")
        self.assert_refused(self.attack(data=data("labels.npz", x=self.x, y=self.y + 5)), "has label")
        self.assert_refused(self.attack(data=data("no_labels.npz", x=self.x)), "label")
        self.assert_refused(self.attack(data=data("empty.npz", x=self.x[:0], y=self.y[:0])), "empty.npz")
        bad = self.x.copy()
        bad[17, 0, 1, 1] = numpy.nan
        self.assert_refused(self.attack(data=data("nan.npz", x=bad, y=self.y)), "17")
        cut = self.folder / "cut.npz"
        cut.write_bytes(self.data.read_bytes()[:1000])
        self.assert_refused(self.attack(data=cut), "cut.npz")

    def test_names_what_is_wrong_with_the_model(self):
        cut = self.folder / "cut.onnx"
        cut.write_bytes(self.model.read_bytes()[:150])
        self.assert_refused(self.attack(model=cut), "cut.onnx")
        text = self.folder / "text.onnx"
        text.write_text("this is no model")
        self.assert_refused(self.attack(model=text), "text.onnx")
        self.assert_refused(self.attack(model=self.folder), str(self.folder))
        self.assert_refused(self.attack(model="http://127.0.0.1:1/v2/models/m"), "127.0.0.1:1", status=3)

    def test_an_output_that_cannot_be_written_is_found_first(self):
        self.assert_refused(self.attack("--out", self.folder / "no" / "f.npz"), "no/f.npz")
        self.assert_refused(self.attack("--out", self.folder), "is a folder")


class Inspect(LinearModel):
    def test_reports_shapes_parameters_and_operators(self):
        result = json.loads(bartizan("inspect", self.model, "--format", "json").stdout)
        self.assertEqual(result["schema"], "bartizan.inspect/1")
        self.assertEqual(result["inputs"], [{"name": "x", "type": "float32", "shape": [None, 1, 4, 4]}])
        self.assertEqual(result["outputs"][0]["shape"], [None, 2])
        self.assertEqual(result["parameters"], 2 * 16 + 2)
        self.assertEqual(result["operators"], {"Flatten": 1, "Gemm": 1})
        self.assertEqual(result["gradients"]["reach"], "smooth")
        self.assertIn("[batch, 1, 4, 4]", bartizan("inspect", self.model).stdout)


if __name__ == "__main__":
    unittest.main()
