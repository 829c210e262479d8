"""`bartizan serve`: the whole story on an empty folder, by a client that knows nothing but HTTP."""
import http.client
import json
import os
import pathlib
import re
import signal
import struct
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import numpy

import program
import tiny_onnx


class Service:
    """A running service and what it printed."""

    def __init__(self, state, *words, prefix=(), env=None):
        self.process = subprocess.Popen([*prefix, program.BIN / "bartizan", "serve", "--listen", "127.0.0.1:0", "--state",
                                         state, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        env=env)
        self.address = re.fullmatch(r"listening on (http://127\.0\.0\.1:\d+)\n", self.process.stdout.readline())[1]
        self.key = None
        self.log = []
        self.readers = [threading.Thread(target=self.read_log)]
        self.readers[0].start()

    def read_key(self):
        self.key = re.fullmatch(r"admin key: (btz_\S+)\n", self.process.stdout.readline())[1]
        return self.key

    def read_log(self):
        self.log.extend(self.process.stderr)

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        status = self.process.wait(timeout=60)
        self.process.stdout.close()
        self.readers[0].join()
        self.process.stderr.close()
        return status


def call(address, method, path, body=None, key=None, headers=None):
    """Status, headers, and the body as JSON where it is."""
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=60)
    try:
        given = dict(headers or {})
        if key:
            given["Authorization"] = "Bearer " + key
        connection.request(method, path, body if body is None or isinstance(body, bytes) else json.dumps(body), given)
        answer = connection.getresponse()
        data = answer.read()
        try:
            return answer.status, answer.headers, json.loads(data)
        except ValueError:
            return answer.status, answer.headers, data
    finally:
        connection.close()


CONFIG = """
gates: {scan: true, signature: true, audit_score: none}
trusted_signers: [signing.key.pub]
quotas:
  - {principal: slow, requests_per_second: 0.01, burst: 2}
  - {principal: poor, queries_per_day: 3}
"""


class Serve(program.Case):
    def setUp(self):
        super().setUp()
        run = program.bartizan("keygen", "--out", self.folder / "signing.key")
        self.assertEqual(run.returncode, 0, run.stderr)
        (self.folder / "serve.yaml").write_text(CONFIG)
        self.start()
        self.service.read_key()

    def start(self):
        self.service = Service(self.folder / "state", "--config", self.folder / "serve.yaml")
        self.addCleanup(lambda service=self.service: service.process.poll() is None and service.end(signal.SIGKILL))

    def client(self, *words, key=None, ok=True):
        run = program.bartizan(*words, "--format", "json", env=dict(
            os.environ, BARTIZAN_SERVER=self.service.address, BARTIZAN_KEY=key or self.service.key))
        if not ok:
            return run
        self.assertEqual(run.returncode, 0, run.stderr)
        return json.loads(run.stdout)

    def model(self, offset):
        return tiny_onnx.linear(self.folder / f"tiny{offset}.onnx", numpy.eye(3, dtype="f4"),
                                numpy.array([offset, 0, 0], "f4"), (3,))

    def push(self, offset, sign=True):
        model = self.model(offset)
        words = ["registry", "push", model, "--name", "tiny"]
        if sign:
            signature = self.folder / f"{offset}.sig"
            run = program.bartizan("sign", model, "--key", self.folder / "signing.key", "--out", signature)
            self.assertEqual(run.returncode, 0, run.stderr)
            words += ["--signature", signature]
        return self.client(*words)

    def caller(self, name="caller", role="consumer", thing="model:tiny"):
        self.client("user", "add", name)
        self.client("role", "grant", name, role, thing)
        return self.client("key", "create", "--for", name)["key"]

    def infer(self, key, rows=((1, 2, 3),), path="/v2/models/tiny/infer", **more):
        return call(self.service.address, "POST", path, {"id": "7", "inputs": [
            {"name": "x", "shape": [len(rows), 3], "datatype": "FP32", "data": [v for row in rows for v in row]}]},
            key, more)

    def first_output(self, key, patient=True):
        """The answer, once the model is loaded: on a busy machine that may take long."""
        deadline = time.monotonic() + (120 if patient else 0)
        status, _, body = self.infer(key)
        while status == 503 and time.monotonic() < deadline:
            time.sleep(0.1)
            status, _, body = self.infer(key)
        return body["outputs"][0]["data"][0] if status == 200 else (status, body)

    def test_the_whole_story(self):
        # Nothing without a key; health for everybody.
        self.assertEqual(call(self.service.address, "GET", "/v2/health/ready")[0], 200)
        self.assertEqual(call(self.service.address, "GET", "/v1/models")[0], 401)
        # A version without a signature does not get into production.
        pushed = self.push(5, sign=False)
        self.assertEqual((pushed["version"], pushed["stage"]), (1, "candidate"))
        self.assertEqual(pushed["checks"][0]["verdict"], "clean", pushed)
        run = self.client("registry", "promote", "tiny", "1", ok=False)
        self.assert_refused(run, "no signature")
        # A signed one does, and a stock client asks it.
        self.assertEqual(self.push(10)["missing_for_production"], [])
        self.client("registry", "promote", "tiny", "2", "--reason", "first")
        key = self.caller()
        status, headers, body = self.infer(key, traceparent="00-" + "ab" * 16 + "-" + "cd" * 8 + "-01")
        self.assertEqual(status, 200, body)
        self.assertEqual((body["id"], body["model_name"], body["model_version"]), ("7", "tiny", "2"))
        self.assertEqual(body["outputs"][0]["data"], [11, 2, 3])
        self.assertEqual(headers["Bartizan-Model-Version"], "2")
        status, _, body = call(self.service.address, "GET", "/v2/models/tiny", key=key)
        self.assertEqual(body["inputs"], [{"name": "x", "datatype": "FP32", "shape": [-1, 3]}])
        self.check_binary(key)
        self.check_refusals(key)
        self.check_rollback(key)
        self.check_quarantine(key)
        self.check_quotas()
        self.check_metrics()
        self.assertEqual(self.service.end(), 0)
        self.check_records(key)

    def check_binary(self, key):
        head = json.dumps({"inputs": [{"name": "x", "shape": [1, 3], "datatype": "FP32", "parameters":
                                       {"binary_data_size": 12}}], "parameters": {"binary_data_output": True}}).encode()
        status, headers, body = call(self.service.address, "POST", "/v2/models/tiny/infer",
                                     head + struct.pack("<3f", 1, 2, 3), key,
                                     {"Inference-Header-Content-Length": str(len(head))})
        self.assertEqual(status, 200, body)
        at = int(headers["Inference-Header-Content-Length"])
        self.assertEqual(struct.unpack("<3f", body[at:]), (11, 2, 3))

    def check_refusals(self, key):
        for rows, code in ((((1, 2, float("nan")),), "invalid-input"), (((1e39, 0, 0),), None)):
            status, _, body = self.infer(key, rows)
            self.assertEqual(status, 400, body)
        for inputs in ([], [{"name": "y", "shape": [1, 3], "datatype": "FP32", "data": [1, 2, 3]}],
                       [{"name": "x", "shape": [1, 4], "datatype": "FP32", "data": [1, 2, 3, 4]}],
                       [{"name": "x", "shape": [1, 3], "datatype": "FP64", "data": [1, 2, 3]}]):
            status, _, body = call(self.service.address, "POST", "/v2/models/tiny/infer", {"inputs": inputs}, key)
            self.assertEqual(status, 400, body)
            self.assertIn("error", body)
        self.assertEqual(self.infer(key, path="/v2/models/tiny/versions/1/infer")[0], 403)
        self.assertEqual(self.infer(key, path="/v2/models/other/infer")[0], 403)
        admin = self.service.key
        self.assertEqual(self.infer(admin, path="/v2/models/other/infer")[0], 404)
        self.assertEqual(self.infer(admin, path="/v2/models/tiny/versions/9/infer")[0], 404)
        status, _, body = self.infer(admin, path="/v2/models/tiny/versions/1/infer")
        self.assertEqual(status, 200, body)
        self.assertEqual(body["outputs"][0]["data"][0], 6)

    def check_rollback(self, key):
        """While four callers ask without a pause: none is refused, and all get the old version within a second."""
        self.push(20)
        self.client("registry", "promote", "tiny", "3")
        self.assertEqual(self.first_output(key), 21)
        seen, ending = [], threading.Event()

        def ask():
            while not ending.is_set():
                seen.append((time.monotonic(), self.first_output(key, patient=False)))

        askers = [threading.Thread(target=ask) for _ in range(4)]
        for asker in askers:
            asker.start()
        time.sleep(0.5)
        began = time.monotonic()
        status, _, body = call(self.service.address, "POST", "/v1/models/tiny/rollback", {"reason": "alarm"},
                               self.service.key)
        took = time.monotonic() - began
        time.sleep(1)
        ending.set()
        for asker in askers:
            asker.join()
        self.assertEqual((status, body["version"]), (200, 2), body)
        self.assertEqual({answer for _, answer in seen}, {21, 11})
        late = max(at for at, answer in seen if answer == 21) - began
        self.assertLess(late, 1.0)
        print(f"rollback: acknowledged after {took * 1000:.0f} ms, last old answer after {late * 1000:.0f} ms, "
              f"{len(seen)} answers, none refused", file=sys.stderr)

    def check_quarantine(self, key):
        self.client("registry", "quarantine", "tiny", "--version-number", "2", "--reason", "trojan suspected")
        status, _, body = self.infer(key)
        self.assertEqual((status, body["code"]), (403, "quarantined"))
        run = self.client("registry", "release", "tiny", "--version-number", "2", "--reason", "no", ok=False)
        self.assertEqual(run.returncode, 2)  # admin is not security
        guard = self.caller("guard", "security", "*")
        self.client("registry", "release", "tiny", "--version-number", "2", "--reason", "false alarm", key=guard)
        self.assertEqual(self.first_output(key), 11)

    def check_quotas(self):
        slow, poor = self.caller("slow"), self.caller("poor")
        self.assertEqual([self.infer(slow)[0] for _ in range(3)], [200, 200, 429])
        status, headers, body = self.infer(slow)
        self.assertEqual(body["code"], "rate-exceeded")
        self.assertGreater(int(headers["Retry-After"]), 1)
        self.assertEqual(self.infer(poor, ((1, 2, 3),) * 2)[0], 200)
        self.assertEqual(self.infer(poor, ((1, 2, 3),) * 2)[2]["code"], "budget-exceeded")

    def check_metrics(self):
        status, _, body = call(self.service.address, "GET", "/metrics", key=self.service.key)
        self.assertRegex(body.decode(), r'bartizan_inferences_total\{model="tiny",version="2",code="200"\} \d+')

    def check_records(self, key):
        run = program.bartizan("ledger", "verify", self.folder / "state" / "ledger")
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        shown = json.loads(program.bartizan("ledger", "show", self.folder / "state" / "ledger", "--limit", "1000",
                                            "--format", "json").stdout)["shown"]
        kinds = [entry["kind"] for entry in shown]
        for kind in ("access.key.add", "access.grant", "model.push", "model.check", "model.promote", "model.rollback",
                     "model.quarantine", "model.release", "access.allowed", "access.denied", "traffic.sum"):
            self.assertIn(kind, kinds)
        sums = [entry["details"]["answered"] for entry in shown
                if entry["kind"] == "traffic.sum" and entry["actor"] == "caller"]
        self.assertGreater(sum(sums), 4)
        log = "".join(self.service.log)
        for line in self.service.log:
            json.loads(line)
        for secret in (key, self.service.key):
            self.assertNotIn(secret[17:], log + json.dumps(shown))
        self.assertIn("ab" * 16, log)  # the caller's trace
        # What lies on the disk is neither the model nor a key.
        kept = b"".join(path.read_bytes() for path in (self.folder / "state").rglob("*") if path.is_file())
        self.assertNotIn(b"tiny_onnx", kept)
        self.assertNotIn(key[17:].encode(), kept)

    def worker(self):
        """The process of the worker in production."""
        for folder in pathlib.Path("/proc").iterdir():
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"worker" in words and any(str(self.folder).encode() in word for word in words):
                return int(folder.name)
        return None

    def test_a_worker_that_dies_is_started_again(self):
        self.push(1)
        self.client("registry", "promote", "tiny", "1")
        key = self.caller()
        self.assertEqual(self.first_output(key), 2)
        process = self.worker()
        os.kill(process, signal.SIGKILL)
        seen = set()
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            status, headers, body = self.infer(key)
            seen.add(status)
            if status == 200 and self.worker() not in (None, process):
                break
            if status == 503:
                self.assertIn("Retry-After", headers)
                self.assertIn("error", body)
            time.sleep(0.02)
        self.assertEqual(self.first_output(key), 2)
        self.assertLessEqual(seen, {200, 503})

    def test_a_restart_serves_the_same(self):
        self.push(1)
        self.client("registry", "promote", "tiny", "1")
        key = self.caller()
        self.assertEqual(self.first_output(key), 2)
        self.assertEqual(self.service.end(signal.SIGKILL), -signal.SIGKILL)
        self.start()
        self.assertEqual(self.first_output(key), 2)
        self.assertEqual(program.bartizan("ledger", "verify", self.folder / "state" / "ledger").returncode, 0)

    def test_an_output_policy_bends_what_some_callers_see(self):
        (self.folder / "serve.yaml").write_text(CONFIG + """
outputs:
  - {principal: partner, policy: "top-k:1+round:2"}
  - {principal: noisy, policy: "noise:0.1"}
""")
        self.service.process.send_signal(signal.SIGHUP)
        self.wait_for("config.loaded")
        self.push(1)
        self.client("registry", "promote", "tiny", "1")
        plain, partner, noisy = self.caller("plain"), self.caller("partner"), self.caller("noisy")
        rows = ((1, 2, 3), (9, 0, 0))
        self.assertEqual(self.first_output(plain), 2)
        self.assertEqual(self.infer(plain, rows)[2]["outputs"][0]["data"], [2, 2, 3, 10, 0, 0])
        seen = self.infer(partner, rows)[2]["outputs"][0]
        self.assertEqual(seen["shape"], [2, 3])
        # softmax(2, 2, 3) has .5761 for the third; the rest is spread over the others, then rounded.
        numpy.testing.assert_allclose(seen["data"], [0.21, 0.21, 0.58, 1, 0, 0], atol=1e-6)
        first, again = (self.infer(noisy, rows)[2]["outputs"][0]["data"] for _ in range(2))
        self.assertEqual(first, again, "noise is a function of the input")
        exact = numpy.exp([2, 2, 3]) / numpy.exp([2, 2, 3]).sum()
        self.assertGreater(numpy.abs(numpy.array(first[:3]) - exact).max(), 1e-3)
        self.assertAlmostEqual(sum(first[:3]), 1, 5)
        # The same answer as bytes; after a restart, the same noise.
        head = json.dumps({"inputs": [{"name": "x", "shape": [1, 3], "datatype": "FP32", "parameters":
                                       {"binary_data_size": 12}}], "parameters": {"binary_data_output": True}}).encode()
        _, headers, body = call(self.service.address, "POST", "/v2/models/tiny/infer", head + struct.pack("<3f", 1, 2, 3),
                                noisy, {"Inference-Header-Content-Length": str(len(head))})
        at = int(headers["Inference-Header-Content-Length"])
        numpy.testing.assert_allclose(struct.unpack("<3f", body[at:]), first[:3], atol=1e-6)
        self.assertEqual(self.service.end(), 0)
        self.start()
        self.first_output(plain)
        self.assertEqual(self.infer(noisy, rows)[2]["outputs"][0]["data"], first)
        (self.folder / "serve.yaml").write_text("outputs:\n  - {policy: rounded}\n")
        self.service.process.send_signal(signal.SIGHUP)
        self.wait_for("config.refused")
        self.assertIn("serve.yaml:2: outputs[0].policy", "".join(self.service.log))

    def test_a_new_configuration_holds_without_a_restart(self):
        key = self.caller()
        self.push(1)
        self.client("registry", "promote", "tiny", "1")
        self.assertEqual(self.infer(key)[0], 200)
        path = self.folder / "serve.yaml"
        path.write_text(CONFIG + "  - {principal: caller, queries_per_day: 0}\n")
        self.service.process.send_signal(signal.SIGHUP)
        self.wait_for("config.loaded")
        self.assertEqual(self.infer(key)[2]["code"], "budget-exceeded")
        path.write_text("gatez: {}\n")
        self.service.process.send_signal(signal.SIGHUP)
        self.wait_for("config.refused")
        self.assertEqual(self.infer(key)[0], 429)

    def wait_for(self, event):
        deadline = time.monotonic() + 60
        while not any(json.loads(line)["event"] == event for line in list(self.service.log)):
            self.assertLess(time.monotonic(), deadline, event)
            time.sleep(0.02)


class Refusals(program.Case):
    def serve(self, *words):
        return program.bartizan("serve", "--state", self.folder / "state", *words, timeout=60)

    def test_a_wrong_configuration_stops_the_start(self):
        path = self.folder / "c.yaml"
        path.write_text("listen: 127.0.0.1:0\nlimits:\n  in_flight: many\n")
        self.assert_refused(self.serve("--config", path), "c.yaml:3: limits.in_flight: expected a number")
        self.assert_refused(self.serve("--listen", "0.0.0.0:0"), "no TLS")
        self.assert_refused(self.serve("--listen", "8420"), "no address")
        self.assertFalse((self.folder / "state").exists())

    def test_two_services_do_not_share_a_folder(self):
        service = Service(self.folder / "state")
        self.addCleanup(service.end)
        self.assertEqual(self.serve("--listen", "127.0.0.1:0").returncode, 2)

    def test_clients_need_a_key_and_a_server(self):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("BARTIZAN_KEY")}
        self.assert_refused(program.bartizan("registry", "list", env=environment), "no key is given")
        run = program.bartizan("registry", "list", "--server", "http://127.0.0.1:9", "--key", "x")
        self.assert_refused(run, "127.0.0.1", status=3)


if __name__ == "__main__":
    unittest.main()
