"""`bartizan init`: a model file becomes a guarded model, step by step; what was done is not done again, steps can be left
out, and a file that holds code ends it before anything loads it."""
import json
import os
import pathlib
import pickle
import stat
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import numpy

import program
import serve
import tiny_onnx
from program import bartizan


class Init(program.Case):
    def setUp(self):
        super().setUp()
        random = numpy.random.default_rng(3)
        weight = random.normal(size=(3, 64)).astype("float32")
        x = random.uniform(0.2, 0.8, size=(60, 1, 8, 8)).astype("float32")
        bias = -numpy.median(x.reshape(60, 64) @ weight.T, axis=0).astype("float32")
        self.model = tiny_onnx.linear(self.folder / "Shop_Sorter.onnx", weight, bias, [1, 8, 8])
        numpy.savez(self.folder / "data.npz", x=x, y=(x.reshape(60, 64) @ weight.T + bias).argmax(1))
        self.out = self.folder / "first"
        self.given = {"model": str(self.model), "data": str(self.folder / "data.npz"), "owner": "Anna <b>",
                      "decides": "which shelf a parcel goes to", "about": "people", "callers": "public", "sector": "health",
                      "sees": "personal", "maker": "Parcels & Co", "budget": 100000, "security": 12000}

    def run_init(self, *words, answers=None, status=0):
        (self.folder / "answers.json").write_text(json.dumps(self.given if answers is None else answers))
        run = bartizan("init", self.out, "--answers", self.folder / "answers.json", "--format", "json", *words, timeout=600)
        self.assertEqual(run.returncode, status, run.stderr)
        return json.loads(run.stdout), run.stderr

    def states(self, document):
        return {one["step"]: one["state"] for one in document["steps"]}

    def test_the_afternoon(self):
        document, said = self.run_init(status=1)  # a linear model is anything but robust
        states = self.states(document)
        self.assertEqual(states["audit"], "findings", document)
        for step in ("scan", "bom", "sign", "guard", "rollback", "budget", "people", "vendor", "pack", "report"):
            self.assertEqual(states[step], "done", document)
        self.assertEqual(document["answers"]["name"], "shop-sorter")
        self.assertIn("a model file can hold code", said)
        page = (self.out / "index.html").read_text()
        self.assertIn("Anna &lt;b&gt;", page)
        self.assertNotIn("Anna <b>", page)
        self.assertIn("perhaps high risk", page)
        self.assertIn("12.0 % of what is planned", page)
        self.assertIn("parcels-co is on the list", page)
        self.assertIn("risks.html", page)
        verified = bartizan("ledger", "verify", "--pack", self.out / "evidence.zip")
        self.assertEqual(verified.returncode, 0, verified.stderr)
        self.assertIn("BEGIN:VCALENDAR", (self.out / "calendar.ics").read_text())
        self.assertIn("bartizan:written", (self.out / "card.md").read_text())
        self.assertIn("audit/report.html", page)
        for secret in ("admin.key", "app.key", "signing.key"):
            mode = (self.out / "secrets" / secret).stat().st_mode
            self.assertEqual(stat.S_IMODE(mode) & 0o077, 0, secret)
            self.assertNotIn((self.out / "secrets" / secret).read_text().strip(), page + said + json.dumps(document))
        self.check_service()
        self.check_goes_on()

    def check_service(self):
        """What it left is a service: the application's key gets answers, and version 1 answers."""
        service = serve.Service(self.out / "state", "--config", self.out / "serve.yaml")
        key = (self.out / "secrets/app.key").read_text().strip()
        body = {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 1, 8, 8], "data": [0.5] * 64}]}
        try:
            status, headers, answer = serve.call(service.address, "POST", "/v2/models/shop-sorter/infer", body, key)
            self.assertEqual(status, 200, answer)
            self.assertEqual(headers["Bartizan-Model-Version"], "1")
            admin = (self.out / "secrets/admin.key").read_text().strip()
            answer = serve.call(service.address, "GET", "/v1/evidence?subject=model:shop-sorter@1", None, admin)[2]
            checks = {one["check"] for one in answer["evidence"]}
            self.assertLessEqual({"artefact.scan", "artefact.signature", "evasion.whitebox", "drill.rollback"}, checks)
        finally:
            service.end()

    def check_goes_on(self):
        record = json.loads((self.out / "init.json").read_text())
        document, said = self.run_init(status=1)
        self.assertNotIn("audit: Attack it", said)
        self.assertEqual([one for one in document["steps"] if one["step"] != "report"],
                         [one for one in record["steps"] if one["step"] != "report"])
        document, said = self.run_init("--again", "scan", status=1)
        self.assertIn("scan: Look into", said)

    def test_without_data_and_with_steps_left_out(self):
        document, said = self.run_init("--skip", "rollback", "--skip", "risk",
                                       answers={key: value for key, value in self.given.items()
                                                if key not in ("data", "budget", "maker")})
        states = self.states(document)
        self.assertEqual((states["audit"], states["rollback"], states["guard"]), ("not-possible", "skipped", "done"))
        self.assertEqual((states["budget"], states["vendor"]), ("not-possible", "skipped"))
        self.assertIn("not possible", (self.out / "index.html").read_text())

    def test_a_file_that_holds_code_ends_it(self):
        class Evil:
            def __reduce__(self):
                return os.system, (f"touch {pathlib.Path('/nowhere')}",)
        model = self.folder / "model.pt"
        model.write_bytes(pickle.dumps(Evil()))
        document, said = self.run_init(answers=self.given | {"model": str(model), "name": "evil"}, status=1)
        self.assertEqual(list(self.states(document)), ["scan"])
        self.assertIn("do not load it", said)
        self.assertFalse((self.out / "state").exists())

    def test_bad_input(self):
        self.assert_refused(bartizan("init", self.out, "--answer", "model=missing.onnx"), "there is no 'missing.onnx'")
        blank = self.folder / "a b.onnx"
        blank.write_bytes(self.model.read_bytes())
        self.assert_refused(bartizan("init", self.out, "--answer", f"model={blank}"), "without blanks")
        self.assert_refused(bartizan("init", self.out, "--answer", "colour=red"), "no question 'colour'", "owner")
        self.assert_refused(bartizan("init", self.out, "--answer", "sector"), "KEY=VALUE")
        self.assert_refused(bartizan("init", self.out, "--answer", f"model={self.model}"), "'owner'")
        self.assert_refused(bartizan("init", self.out, "--answer", f"model={self.model}", "--answer", "about=aliens"),
                            "people, things")
        self.assert_refused(bartizan("init", self.folder, "--answer", "owner=x"), "holds something else")
        (self.folder / "answers.json").write_text('{"owner": ["x"]}')
        self.assert_refused(bartizan("init", self.out, "--answers", self.folder / "answers.json"), "neither a text")
        full = ["--answers", self.folder / "answers.json"]
        (self.folder / "answers.json").write_text(json.dumps(self.given))
        self.assert_refused(bartizan("init", self.out, *full, "--skip", "everything"), "no step 'everything'", "guard")
        self.out.mkdir(exist_ok=True)
        (self.out / "init.json").write_text("[]")
        self.assert_refused(bartizan("init", self.out), "no record of init")


if __name__ == "__main__":
    unittest.main()
