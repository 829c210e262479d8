"""Bad input, given to every command that reads a model or data: status 2 or 3, one line that says what and where, and
nothing under the final name of an output."""
import json
import resource
import signal
import unittest

import numpy

from program import Case, bartizan
from tiny_onnx import linear


def full_disk():
    """What a full disk looks like to a program: writing fails when a file grows beyond a few bytes."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))


class BadInput(Case):
    def setUp(self):
        super().setUp()
        random = numpy.random.default_rng(4)
        self.model = linear(self.folder / "good.onnx", random.normal(size=(3, 16)).astype("float32"),
                            numpy.zeros(3, "float32"), [1, 4, 4])
        self.data = self.write("good.npz", x=random.random((12, 1, 4, 4), "float32"), y=random.integers(0, 3, 12))
        self.out = self.folder / "out"

    def write(self, name, **arrays):
        numpy.savez(self.folder / name, **arrays)
        return self.folder / name

    def file(self, name, content):
        (self.folder / name).write_bytes(content)
        return self.folder / name

    def commands(self, model, data):
        """Each command that reads a model and data, with its output where it writes one."""
        return [("evaluate", model, "--data", data),
                ("attack", model, "--data", data, "--attack", "fgsm", "--out", self.out.with_suffix(".npz")),
                ("audit", model, "--data", data, "--out", self.out)]

    def assert_all_refused(self, commands, *parts):
        for words in commands:
            with self.subTest(words[0]):
                self.assert_refused(bartizan(*words, "--quiet"), *parts)
                self.assertFalse(self.out.exists() and any(self.out.iterdir()))
                self.assertFalse(self.out.with_suffix(".npz").exists())

    def test_models_that_are_none(self):
        whole = self.model.read_bytes()
        models = {"missing.onnx": None, "empty.onnx": b"", "text.onnx": b"this is not a model at all\n",
                  "cut.onnx": whole[:len(whole) // 2], "picture.onnx": b"\x89PNG\r\n\x1a\n" + bytes(64),
                  "zeros.pt": bytes(512)}
        for name, content in models.items():
            model = self.folder / name if content is None else self.file(name, content)
            with self.subTest(name):
                self.assert_all_refused([*self.commands(model, self.data), ("inspect", model)], name)

    def test_data_that_is_none(self):
        whole = self.data.read_bytes()
        self.assert_all_refused(self.commands(self.model, self.folder / "missing.npz"), "missing.npz")
        self.assert_all_refused(self.commands(self.model, self.file("cut.npz", whole[:len(whole) // 2])), "cut.npz")
        self.assert_all_refused(self.commands(self.model, self.file("empty.npz", b"")), "empty.npz")
        self.assert_all_refused(self.commands(self.model, self.file("what.xyz", b"?")), "what.xyz")

    def test_data_that_cannot_be(self):
        x, y = numpy.zeros((3, 1, 4, 4), "float32"), numpy.array([0, 1, 2])
        broken = x.copy()
        broken[1, 0, 2, 3] = numpy.nan
        cases = {"no_rows.npz": dict(x=x[:0], y=y[:0]), "no_labels.npz": dict(x=x),
                 "short.npz": dict(x=x, y=y[:2]), "nan.npz": dict(x=broken, y=y),
                 "minus.npz": dict(x=x, y=numpy.array([0, -1, 2])), "objects.npz": dict(x=x, y=numpy.array([0, {}, 2]))}
        for name, arrays in cases.items():
            with self.subTest(name):
                self.assert_all_refused(self.commands(self.model, self.write(name, **arrays)), name)

    def test_data_that_does_not_fit_the_model(self):
        wide = self.write("wide.npz", x=numpy.zeros((3, 1, 5, 5), "float32"), y=numpy.array([0, 1, 2]))
        self.assert_all_refused(self.commands(self.model, wide), "1, 5, 5", "4")
        many = self.write("many.npz", x=numpy.zeros((3, 1, 4, 4), "float32"), y=numpy.array([0, 1, 7]))
        self.assert_all_refused(self.commands(self.model, many), "7")

    def test_options_that_mean_nothing(self):
        attack = ("attack", self.model, "--data", self.data, "--attack")
        for words, part in [((*attack, "fgsn"), "fgsm"), ((*attack, "fgsm", "--eps", "-1"), "eps"),
                            ((*attack, "fgsm", "--eps", "8/0"), "8/0"), ((*attack, "pgd", "--steps", "0"), "steps"),
                            ((*attack, "pgd", "--norm", "l0"), "l0"), ((*attack, "fgsm", "--param", "x=1"), "x"),
                            (("audit", self.model, "--data", self.data, "--out", self.out, "--fail-on", "bad"), "bad"),
                            (("evaluate", self.model, "--data", self.data, "--colour"), "--colour"),
                            (("evaluate", self.model), "--data"), (("evaluation",), "evaluate"),
                            (("train", "cnn-big", "--data", self.data, "--out", self.out), "cnn-small")]:
            with self.subTest(" ".join(map(str, words[-3:]))):
                self.assert_refused(bartizan(*words, "--quiet"), part)

    def test_outputs_that_cannot_be_written(self):
        self.file("plain", b"a file")
        for words in [("attack", self.model, "--data", self.data, "--attack", "fgsm", "--out", self.folder / "no/a.npz"),
                      ("audit", self.model, "--data", self.data, "--out", self.folder / "plain/report"),
                      ("train", "mlp", "--data", self.data, "--out", self.folder / "plain/m.onnx")]:
            with self.subTest(words[0]):
                self.assert_refused(bartizan(*words, "--quiet"), str(words[-1].parent.name))
        self.assertEqual((self.folder / "plain").read_bytes(), b"a file")

    def test_a_full_disk_leaves_nothing_under_the_final_name(self):
        before = sorted(path.name for path in self.folder.iterdir())
        for words in [("attack", self.model, "--data", self.data, "--attack", "fgsm", "--out", self.folder / "a.npz"),
                      ("train", "mlp", "--data", self.data, "--epochs", 1, "--out", self.folder / "m.onnx")]:
            with self.subTest(words[0]):
                self.assert_refused(bartizan(*words, "--quiet", preexec_fn=full_disk), words[-1].name, status=3)
        run = bartizan("audit", self.model, "--data", self.data, "--out", self.out, "--quiet", preexec_fn=full_disk)
        self.assert_refused(run, "out", status=3)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir() if path != self.out), before)
        self.assertEqual([path for path in self.out.rglob("*") if path.is_file()] if self.out.exists() else [], [])

    def test_reports_that_are_none(self):
        good = self.folder / "report"
        bartizan("audit", self.model, "--data", self.data, "--out", good, "--quiet", "--fail-on", "never")
        whole = (good / "report.json").read_bytes()
        other = json.loads(whole) | {"schema": "bartizan.evaluate/1"}
        for name, content in {"cut.json": whole[:200], "empty.json": b"", "list.json": b"[]",
                              "other.json": json.dumps(other).encode()}.items():
            with self.subTest(name):
                page = self.folder / "page.html"
                self.assert_refused(bartizan("compare", good, self.file(name, content), "--out", page), name)
                self.assertFalse(page.exists())


if __name__ == "__main__":
    unittest.main()
