"""`bartizan-engine worker`: a model behind a Unix socket, in a process that can do little else."""
import http.client
import json
import pathlib
import signal
import socket
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import numpy

import program
import tiny_onnx


class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(self.path)


class WorkerTest(program.Case):
    def start(self, *words, model=None):
        self.model = model or tiny_onnx.linear(self.folder / "tiny.onnx", numpy.eye(3, dtype="f4"),
                                               numpy.array([0, 10, 20], "f4"), (3,))
        self.socket = self.folder / "worker.sock"
        self.worker = subprocess.Popen(
            [program.BIN / "bartizan-engine", "worker", "--socket", self.socket, "--model", self.model,
             "--name", "tiny", "--with-parent", *words], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.stop)
        deadline = time.time() + 60
        while time.time() < deadline and self.worker.poll() is None:
            if self.ask("GET", "/v2/health/ready")[0] == 200:
                return
            time.sleep(0.02)

    def stop(self):
        if self.worker.poll() is None:
            self.worker.terminate()
        self.worker.communicate(timeout=30)

    def ask(self, method, path, body=None):
        connection = Connection(self.socket)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except OSError:
            return 0, {}
        finally:
            connection.close()

    def infer(self, rows):
        return self.ask("POST", "/v2/models/tiny/infer", json.dumps(
            {"id": "1", "inputs": [{"name": "x", "shape": [len(rows), 3], "datatype": "FP32", "data": rows}]}))

    def test_answers_in_the_protocol(self):
        self.start()
        status, metadata = self.ask("GET", "/v2/models/tiny")
        self.assertEqual(status, 200)
        self.assertEqual(metadata["inputs"], [{"name": "x", "datatype": "FP32", "shape": [-1, 3]}])
        status, answer = self.infer([[1, 2, 3], [4, 5, 6]])
        self.assertEqual(status, 200)
        self.assertEqual(answer["id"], "1")
        self.assertEqual(answer["outputs"][0]["data"], [1, 12, 23, 4, 15, 26])

    def test_bad_requests_are_answered_and_the_worker_lives(self):
        self.start()
        for body in ("", "{", "[]", '{"inputs":[]}',
                     '{"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]}]}',
                     '{"inputs":[{"name":"x","shape":[1,3],"datatype":"INT64","data":[1,2,3]}]}'):
            status, answer = self.ask("POST", "/v2/models/tiny/infer", body)
            self.assertEqual(status, 400, body)
            self.assertIn("error", answer)
        self.assertEqual(self.ask("POST", "/v2/models/other/infer", "{}")[0], 404)
        self.assertEqual(self.infer([[0, 0, 0]])[1]["outputs"][0]["data"], [0, 10, 20])

    def test_is_confined_before_it_reads_the_model(self):
        self.start()
        status = pathlib.Path(f"/proc/{self.worker.pid}/status").read_text()
        self.assertIn("Seccomp:\t2", status)
        self.assertIn("NoNewPrivs:\t1", status)
        self.assertEqual(self.socket.stat().st_mode & 0o077, 0)

    def test_ends_with_whoever_started_it(self):
        self.start()
        self.worker.stdin.close()
        self.assertEqual(self.worker.wait(timeout=30), 0)
        self.worker.stdin = None

    def test_ends_cleanly_when_asked(self):
        self.start()
        self.worker.send_signal(signal.SIGTERM)
        self.assertEqual(self.worker.wait(timeout=30), 0)

    def test_a_model_that_is_none_is_one_line(self):
        broken = self.folder / "broken.onnx"
        broken.write_bytes(b"\x08\x08 not a model")
        self.start(model=broken)
        _, errors = self.worker.communicate(timeout=30)
        self.assertEqual(self.worker.returncode, 2)
        self.assertIn("broken.onnx", errors)
        self.worker.stdin = None


if __name__ == "__main__":
    unittest.main()
