"""The console of `bartizan serve` in a real browser: a service of its own with models and people, then pages.mjs.

usage: run.py [--pictures FOLDER] [SUBJECT...]     77: there is no browser, or the console was not built
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import warnings

SOURCE = pathlib.Path(os.environ["BARTIZAN_SOURCE_DIR"])
sys.path.insert(0, str(SOURCE / "tests" / "e2e"))
import numpy

import program
import tiny_onnx
from serve import Service, call

WIDTH, CLASSES = 100, 4
PASSWORD = "correct horse battery staple"
CONFIG = """
gates: {scan: true, signature: false, audit_score: none}
detectors: {similarity_limit: 20, squeeze_per_second: 0}
"""


class Setting:
    """A service with a model that is watched, one with three versions, and people of several roles."""

    def __init__(self, folder):
        self.folder, self.keys = folder, {}
        self.random = numpy.random.default_rng(1)
        self.centres = self.random.uniform(0.3, 0.7, (CLASSES, WIDTH)).astype("float32")
        (folder / "serve.yaml").write_text(CONFIG)
        self.service = Service(folder / "state", "--config", folder / "serve.yaml")
        self.keys["admin"] = self.service.read_key()

    def ask(self, method, path, body=None, who="admin", status=(200, 201)):
        got, _, answer = call(self.service.address, method, path, {} if body is None and method != "GET" else body,
                              self.keys[who])
        assert got in status, (method, path, got, answer)
        return answer

    def client(self, *words):
        run = program.bartizan(*words, "--format", "json", env=dict(
            os.environ, BARTIZAN_SERVER=self.service.address, BARTIZAN_KEY=self.keys["admin"]))
        assert run.returncode == 0, run.stderr
        return json.loads(run.stdout)

    def person(self, name, *grants, kind="person"):
        body = {"name": name, "kind": kind, **({"password": PASSWORD} if kind == "person" else {})}
        self.ask("POST", "/v1/principals", body)
        for grant in grants:
            self.ask("PUT", f"/v1/principals/{name}/grants/{grant}")
        self.keys[name] = self.ask("POST", "/v1/keys", {"principal": name, "label": "test"})["key"]

    def honest(self, count):
        noise = self.random.normal(0, 1, (count, WIDTH + 8))
        smooth = sum(noise[:, i:i + WIDTH] for i in range(8)) / 8 ** 0.5
        return (self.centres[self.random.integers(0, CLASSES, count)] + 0.03 * smooth).astype("float32")

    def model(self, name, scale=4.0):
        return tiny_onnx.linear(self.folder / f"{name}.onnx", scale * (self.centres - 0.5),
                                -2 * (self.centres ** 2 - 0.25).sum(1).astype("float32"), (WIDTH,))

    def fill(self):
        numpy.savez(self.folder / "reference.npz", x=self.honest(1500))
        self.client("registry", "push", self.model("fashion"), "--name", "fashion", "--data", self.folder / "reference.npz")
        self.client("registry", "promote", "fashion", "1", "--reason", "first version")
        for number in (1, 2, 3):
            self.client("registry", "push", self.model(f"credit{number}", 4 + number), "--name", "credit", "--note",
                        f"trained on quarter {number}")
        for number in (1, 2):
            self.client("registry", "promote", "credit", number, "--reason", f"quarter {number}")
        self.person("anna", "admin@*")
        self.person("ben", "security@*")
        self.person("carla", "security@*")
        self.person("vera", "viewer@model:fashion")
        self.person("shop", "consumer@model:fashion", kind="service")
        self.person("thief", "consumer@model:fashion", kind="service")

        self.ask("POST", "/v1/incidents", {"title": "answers differ from those of last week", "severity": "medium",
                                           "threat": "drift", "version": "model:credit@1"}, who="carla")

    def rows(self):
        made = numpy.clip(self.honest(120) + 0.1 * self.random.choice([-1, 1], (120, WIDTH)), 0, 1)
        return {"honest": self.honest(40).round(4).tolist(), "thief": made.round(4).tolist()}


def main():
    pictures = sys.argv[2] if sys.argv[1:2] == ["--pictures"] else None
    subjects = sys.argv[3 if pictures else 1:]
    modules = pathlib.Path(os.environ["BARTIZAN_CONSOLE_MODULES"])
    browser = shutil.which("chromium")
    if browser is None or not (modules / "node_modules" / "playwright-core").is_dir():
        print("skipped: there is no chromium, or the console was not built")
        return 77
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bartizan-console-"))
    setting = Setting(folder)
    try:
        setting.fill()
        (folder / "given.json").write_text(json.dumps({
            "address": setting.service.address, "keys": setting.keys, "password": PASSWORD, "width": WIDTH,
            "rows": setting.rows(), "folder": str(folder), "browser": browser, "modules": str(modules),
            "pictures": pictures}))
        # The reader of its log must not end before it.
        return subprocess.run(["node", "--no-warnings", str(SOURCE / "tests/console/pages.mjs"), str(folder / "given.json"), *subjects],
                              timeout=540).returncode
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            setting.service.end()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
