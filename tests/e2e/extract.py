"""`bartizan extract`: copies of models on disk and behind an address, what policies change, and what is refused."""
import http.server
import json
import signal
import subprocess
import threading
import time
import unittest

import numpy

try:
    import jsonschema
except ImportError:
    jsonschema = None

from program import BIN, SOURCE, Case, bartizan
from tiny_onnx import linear


class Service(http.server.BaseHTTPRequestHandler):
    """A linear model in the Open Inference Protocol; `mood` says how it behaves."""
    weight, bias, mood, rows = None, None, "good", 0
    process, stop_at = None, 0
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def say(self, document, status=200):
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.mood == "no protocol":
            return self.say(b"<html>hello</html>")
        outputs = [{"name": "scores", "datatype": "FP32", "shape": [-1, 3]}]
        if self.mood == "labels":
            outputs = [{"name": "label", "datatype": "INT64", "shape": [-1]}]
        self.say({"name": "m", "platform": "test", "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 8]}],
                  "outputs": outputs})

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        x = numpy.array(request["inputs"][0]["data"], "f4").reshape(request["inputs"][0]["shape"])
        type(self).rows += len(x)
        if self.process is not None and self.rows > self.stop_at:
            self.process.send_signal(signal.SIGINT)
            type(self).process = None
        if self.mood == "slow":
            time.sleep(3)
        if self.mood == "nonsense":
            return self.say(b"42 and more")
        logits = x @ self.weight.T + self.bias
        if self.mood == "labels":
            return self.say({"outputs": [{"name": "label", "datatype": "INT64", "shape": [len(x)],
                                          "data": logits.argmax(1).tolist()}]})
        p = numpy.exp(logits - logits.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        self.say({"outputs": [{"name": "scores", "datatype": "FP32", "shape": list(p.shape), "data": p.ravel().tolist()}]})


class Extract(Case):
    def setUp(self):
        super().setUp()
        random = numpy.random.default_rng(3)
        self.weight, self.bias = random.normal(0, 3, (3, 8)).astype("f4"), numpy.array([0, 0.5, -0.5], "f4")
        self.model = linear(self.folder / "victim.onnx", self.weight, self.bias, [8])
        x = random.random((900, 8), "float32")
        self.pool, self.test = self.folder / "pool.npz", self.folder / "test.npz"
        numpy.savez(self.pool, x=x[:500], y=(x[:500] @ self.weight.T + self.bias).argmax(1))
        numpy.savez(self.test, x=x[500:], y=(x[500:] @ self.weight.T + self.bias).argmax(1))
        self.common = ("--data", self.pool, "--test-data", self.test, "--quiet", "--fail-on", "never", "--threads", 1)

    def extract(self, *words, model=None):
        run = bartizan("extract", model or self.model, *self.common, "--format", "json", *words)
        self.assertEqual(run.returncode, 0, run.stderr)
        document = json.loads(run.stdout)
        if jsonschema is not None:
            jsonschema.validate(document, json.loads((SOURCE / "docs/schema/extract.schema.json").read_text()))
        return document

    def serve(self, mood="good"):
        handler = type("Handler", (Service,), {"weight": self.weight, "bias": self.bias, "mood": mood, "rows": 0})
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return handler, f"http://127.0.0.1:{server.server_port}/v2/models/m"

    def test_the_copy_agrees_better_the_more_is_asked_and_is_written(self):
        stolen, report = self.folder / "stolen.onnx", self.folder / "report"
        document = self.extract("--queries", 320, "--steps", 400, "--out", stolen, "--report", report, "--repeats", 2,
                                "--policy", "labels", "--policy", "round:1", "--policy", "reverse-sigmoid:1,0.2")
        self.assertEqual([point["queries"] for point in document["points"]], [20, 40, 80, 160, 320])
        self.assertGreater(document["agreement"], document["points"][0]["agreement"])
        self.assertGreater(document["agreement"], 0.93)
        self.assertEqual(document["seeds"], [0, 1])
        self.assertEqual(document["victim_accuracy"], 1)
        self.assertLessEqual(document["points"][0]["transfer"], 1)
        policies = {row["policy"]: row for row in document["policies"]}
        self.assertEqual(policies["labels"]["argmax_kept"], 1)
        self.assertGreater(policies["labels"]["distance"], policies["round:1"]["distance"])
        self.assertGreater(policies["round:1"]["agreement"], 0.85)
        self.assertTrue((report / "report.html").read_text().count("<svg") >= 1)
        # The copy is a model like any other: evaluate says of it what extract said.
        run = bartizan("evaluate", stolen, "--data", self.test, "--format", "json", "--quiet")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertAlmostEqual(json.loads(run.stdout)["accuracy"], document["points"][-1]["agreement_by_seed"][0], delta=0.003)

    def test_equations_give_the_model_itself_and_policies_stop_that(self):
        document = self.extract("--attack", "equation", "--queries", 100, "--policy", "round:2", "--policy", "none")
        self.assertEqual(document["agreement"], 1)
        self.assertEqual(document["queries"], 8 + 1 + 24)
        self.assertIn("not linear", document["policies"][0]["refused"])
        self.assertEqual(document["policies"][1]["agreement"], 1)
        self.assertEqual(document["severity"], "high")

    def test_a_model_behind_an_address_is_stolen_the_same_way_within_the_budget(self):
        handler, address = self.serve()
        document = self.extract("--attack", "equation", "--queries", 100, model=address)
        self.assertEqual(document["agreement"], 1)
        learned = self.extract("--queries", 160, "--steps", 300, model=address)
        self.assertGreater(learned["agreement"], 0.85)
        # What was asked is what was counted: but for the few rows that find out what the outputs are.
        counted = sum(d["queries"] + d["queries_for_measuring"] for d in (document, learned))
        self.assertLessEqual(handler.rows - counted, 32)
        self.assertGreaterEqual(handler.rows, counted)

    def test_the_text_names_curve_and_budget(self):
        text = bartizan("extract", self.model, *self.common, "--queries", 64, "--steps", 100).stdout
        self.assertIn("agreement", text)
        self.assertIn("90 %", text)

    def test_black_box_commands_take_the_address_too(self):
        _, address = self.serve()
        run = bartizan("attack", address, "--data", self.test, "--limit", 20, "--attack", "square", "--eps", "0.05",
                       "--queries", 20, "--format", "json", "--quiet", "--fail-on", "never")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(json.loads(run.stdout)["clean_accuracy"], 1)
        self.assert_refused(bartizan("attack", address, "--data", self.test, "--limit", 5, "--attack", "pgd", "--eps", "0.05",
                                     "--quiet"), "gradient")

    def test_servers_that_misbehave_are_refused_with_the_reason(self):
        for mood, part, status in (("labels", "scores", 2), ("nonsense", "answer", 2), ("no protocol", "metadata", 2),
                                   ("slow", "127.0.0.1", 3)):
            with self.subTest(mood):
                _, address = self.serve(mood)
                run = bartizan("extract", address, *self.common, "--queries", 64, "--timeout", 0.5, "--retries", 0)
                self.assert_refused(run, part, status=status)
        run = bartizan("extract", "http://127.0.0.1:1/v2/models/m", *self.common, "--queries", 64, "--retries", 0)
        self.assert_refused(run, "127.0.0.1:1", status=3)
        self.assert_refused(bartizan("extract", "http://127.0.0.1:1/", *self.common, "--queries", 64), "/v2/models/NAME")

    def test_what_cannot_be_done_is_refused(self):
        words = ("extract", self.model, *self.common, "--queries", 100)
        self.assert_refused(bartizan(*words, "--attack", "knockof"), "knockoff")
        self.assert_refused(bartizan(*words, "--policy", "rounded"), "round:DIGITS")
        self.assert_refused(bartizan(*words, "--attack", "relu-exact"), "linear")
        self.assert_refused(bartizan(*words, "--attack", "tree-paths"), "no decision tree")
        self.assert_refused(bartizan(*words, "--param", "x=1"), "x")
        few = self.folder / "few.npz"
        numpy.savez(few, x=numpy.zeros((9, 8), "float32"))
        self.assert_refused(bartizan("extract", self.model, "--data", few, "--queries", 5, "--quiet"), "judge")
        wide = self.folder / "wide.npz"
        numpy.savez(wide, x=numpy.zeros((220, 9), "float32"))
        self.assert_refused(bartizan("extract", self.model, "--data", wide, "--queries", 5, "--quiet"), "[9]")

    def test_fewer_items_than_queries_are_told(self):
        small = self.folder / "small.npz"
        with numpy.load(self.pool) as pool:
            numpy.savez(small, x=pool["x"][:60])
        run = bartizan("extract", self.model, "--data", small, "--test-data", self.test, "--queries", 100, "--steps", 100,
                       "--quiet", "--format", "json", "--fail-on", "never")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("60 items", json.loads(run.stdout)["notes"][0])

    def test_ctrl_c_reports_what_is_finished(self):
        # The service itself sends the signal, when the questions for the second point of the curve come in.
        handler, address = self.serve()
        handler.stop_at = 400 + 25 + 200 + 20  # judges, first point, its transfer, and some
        process = subprocess.Popen([BIN / "bartizan", "extract", address, *map(str, self.common), "--queries", "400",
                                    "--format", "json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        handler.process = process
        out, errors = process.communicate(timeout=240)
        self.assertEqual(process.returncode, 3, errors)
        document = json.loads(out)
        self.assertFalse(document["complete"])
        self.assertEqual([point["queries"] for point in document["points"]], [25])


if __name__ == "__main__":
    unittest.main()
