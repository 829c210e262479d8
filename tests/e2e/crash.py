"""`bartizan serve` killed without warning, again and again, while it is written to: no acknowledged write is lost, the ledger
verifies, the store opens. BARTIZAN_CRASHES says how often (8; docs/benchmarks.md has more)."""
import http.client
import json
import os
import pathlib
import random
import signal
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import numpy

import program
import tiny_onnx
from serve import Service, call

CRASHES = int(os.environ.get("BARTIZAN_CRASHES", "8"))


class Crash(program.Case):
    def setUp(self):
        super().setUp()
        self.random = random.Random(1)
        self.model = tiny_onnx.linear(self.folder / "m.onnx", numpy.eye(3, dtype="f4"), numpy.zeros(3, "f4"), (3,)).read_bytes()
        (self.folder / "serve.yaml").write_text("gates: {scan: false, signature: false, audit_score: none}\nlog_requests: false\n")
        self.key, self.people, self.versions = None, [], []
        self.number = 0

    def start(self):
        service = Service(self.folder / "state", "--config", self.folder / "serve.yaml")
        self.addCleanup(lambda: service.process.poll() is None and service.end(signal.SIGKILL))
        if self.key is None:
            self.key = service.read_key()
        return service

    def write(self, address, worker, ending):
        """Principals and versions, as fast as they are acknowledged; what is acknowledged is kept."""
        while not ending.is_set():
            self.number += 1
            name = f"p{worker}-{self.number}"
            try:
                if worker == 0:
                    status, _, body = call(address, "POST", "/v1/models/m/versions?file=m.onnx", self.model, self.key,
                                           {"Content-Type": "application/octet-stream"})
                    if status == 201:
                        self.versions.append((body["version"], body["sha256"]))
                else:
                    status, _, body = call(address, "POST", "/v1/principals", {"name": name, "kind": "service"}, self.key)
                    if status == 201:
                        self.people.append(name)
            except (OSError, ValueError, http.client.HTTPException):
                return  # the server is gone: what it had not said counts for nothing
            if status not in (201, 409, 503, 429):
                raise AssertionError((status, body))

    def test_no_acknowledged_write_is_lost(self):
        slowest = 0.0
        for crash in range(CRASHES):
            began = time.monotonic()
            service = self.start()
            slowest = max(slowest, time.monotonic() - began)
            self.check(service.address)
            ending = threading.Event()
            writers = [threading.Thread(target=self.write, args=(service.address, worker, ending)) for worker in range(3)]
            for writer in writers:
                writer.start()
            time.sleep(self.random.uniform(0.01, 0.6))
            service.end(signal.SIGKILL)
            ending.set()
            for writer in writers:
                writer.join()
            run = program.bartizan("ledger", "verify", self.folder / "state" / "ledger")
            self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        service = self.start()
        self.check(service.address)
        self.assertEqual(service.end(), 0)
        shown = json.loads(program.bartizan("ledger", "show", self.folder / "state" / "ledger", "--limit", "100000", "--format",
                                            "json").stdout)["shown"]
        recorded = sum(entry["kind"] == "access.principal.add" for entry in shown)
        self.assertGreaterEqual(recorded, len(self.people), "each of them is in the ledger")
        self.assertGreater(len(self.people), CRASHES)
        self.assertGreater(len(self.versions), CRASHES // 20)
        print(f"{CRASHES} kills: {len(self.people)} principals and {len(self.versions)} versions acknowledged, none lost; "
              f"slowest start {slowest:.2f} s", file=sys.stderr)

    def check(self, address):
        status, _, body = call(address, "GET", "/v1/principals", key=self.key)
        self.assertEqual(status, 200, body)
        there = {one["name"] for one in body["principals"]}
        self.assertEqual([name for name in self.people if name not in there], [])
        if not self.versions:
            return
        status, _, body = call(address, "GET", "/v1/models/m", key=self.key)
        self.assertEqual(status, 200, body)
        kept = {one["version"]: one["sha256"] for one in body["versions"]}
        self.assertEqual([number for number, digest in self.versions if kept.get(number) != digest], [])
        number = self.random.choice(self.versions)[0]
        status, _, body = call(address, "GET", f"/v1/models/m/versions/{number}/content", key=self.key)
        self.assertEqual((status, body), (200, self.model), "content is verified on each read")


if __name__ == "__main__":
    unittest.main()
