"""`upstreams`: models that another server of the Open Inference Protocol runs, over HTTP and over gRPC. The servers are
Python's own HTTP server and stock gRPC, whose code protoc makes: nothing of ours on the other side."""
import concurrent.futures
import contextlib
import http.server
import json
import pathlib
import re
import socket
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import grpc
import numpy

import program
import serve
import serve_grpc
import tiny_onnx

METADATA = {"name": "double", "versions": ["7"], "platform": "python",
            "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 3]}],
            "outputs": [{"name": "y", "datatype": "FP32", "shape": [-1, 3]}]}


class Rest(http.server.BaseHTTPRequestHandler):
    """Answers twice its input. What it was asked stands in `server.asked`."""
    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        pass

    def tell(self, status, body, **headers):
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def seen(self):
        self.server.asked.append((self.path, dict(self.headers)))
        return self.headers.get("Authorization") == "Bearer let-me-in"

    def do_GET(self):
        if not self.seen():
            return self.tell(401, {"error": "who are you?"})
        return self.tell(200, METADATA if not self.path.endswith("ready") else {"ready": True})

    def do_POST(self):
        known = self.seen()
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not known:
            return self.tell(401, {"error": "who are you?"})
        data = body["inputs"][0]["data"]
        if data[0] == 13:
            return self.tell(400, {"error": "13 brings bad luck"})
        answer = {"model_name": "double", "outputs": [{"name": "y", "datatype": "FP32", "shape": body["inputs"][0]["shape"],
                                                       "data": [2 * value for value in data]}]}
        return self.tell(200, answer, Bartizan_Features="4")


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port):
        super().__init__(("127.0.0.1", port), Rest)
        self.asked, self.connections = [], []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def get_request(self):
        got = super().get_request()
        self.connections.append(got[0])
        return got

    def end(self):
        """With the connections that are open, as a process ends."""
        self.shutdown()
        self.server_close()
        for one in self.connections:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


class Upstream(serve_grpc.GrpcCase):
    def setUp(self):
        super().setUp()
        tiny_onnx.linear(self.folder / "m.onnx", numpy.zeros((2, 3), "f4"), numpy.zeros(2, "f4"), (3,))
        (self.folder / "token").write_text("let-me-in\n")

    def serve(self, upstream):
        config = "gates: {scan: false, signature: false, audit_score: none}\nupstreams:\n  - {model: m, " + upstream + "}\n"
        (self.folder / "serve.yaml").write_text(config)
        log = open(self.folder / "log", "w")
        self.addCleanup(log.close)
        process = subprocess.Popen([program.BIN / "bartizan", "serve", "--listen", "127.0.0.1:0", "--state",
                                    self.folder / "state", "--config", self.folder / "serve.yaml"],
                                   stdout=subprocess.PIPE, stderr=log, text=True)
        self.addCleanup(lambda: (process.kill(), process.wait(), process.stdout.close()))
        self.address = re.fullmatch(r"listening on (http://127\.0\.0\.1:\d+)\n", process.stdout.readline())[1]
        self.key = re.fullmatch(r"admin key: (btz_\S+)\n", process.stdout.readline())[1]
        for number in (1, 2):
            content = (self.folder / "m.onnx").read_bytes()
            self.rest("POST", "/v1/models/m/versions?file=m.onnx", content, 201)
            self.rest("PUT", "/v1/models/m/aliases/production", {"version": number, "reason": "test"}, 200)

    def rest(self, method, path, body=None, status=None):
        got, headers, answer = serve.call(self.address, method, path, body, self.key)
        if status:
            self.assertEqual(got, status, answer)
        return answer

    def infer(self, values, status=200):
        body = {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 3], "data": values}]}
        return self.rest("POST", "/v2/models/m/infer", body, status)

    def wait_for(self, status, seconds=20):
        until = time.monotonic() + seconds
        body = {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 3], "data": [1, 2, 3]}]}
        while time.monotonic() < until:
            got, headers, answer = serve.call(self.address, "POST", "/v2/models/m/infer", body, self.key)
            if got == status:
                return headers, answer
            time.sleep(0.1)
        self.fail(f"the last answer is {got}: {answer}")

    def outage(self, stop, start):
        """Clear answers while it is gone, and recovery without a restart of the gateway."""
        stop()
        headers, answer = self.wait_for(503)
        self.assertEqual(answer["code"], "worker-unavailable")
        self.assertIn("Retry-After", headers)
        until = time.monotonic() + 20
        while "worker.ended" not in (self.folder / "log").read_text():
            self.assertLess(time.monotonic(), until, "the gateway never noticed")
            time.sleep(0.1)
        start()
        began = time.monotonic()
        self.wait_for(200)
        print(f"back after {time.monotonic() - began:.1f} s", file=sys.stderr)

    def test_over_http(self):
        server = Server(0)
        port = server.server_address[1]
        self.serve(f'address: "http://127.0.0.1:{port}/base", name: double, version: "{{version}}", token_file: token')
        answer = self.infer([1, 2, -3.5])
        self.assertEqual(answer["outputs"][0]["data"], [2, 4, -7])
        path, headers = server.asked[-1]
        self.assertEqual(path, "/base/v2/models/double/versions/2/infer")
        self.assertNotIn("Bartizan-Features", headers)
        self.assertTrue(headers["traceparent"])
        self.assertNotIn(self.key, json.dumps(server.asked))
        self.assertIn("13 brings", self.infer([13, 0, 0], 400)["detail"])
        told = self.rest("GET", "/v2/models/m", status=200)
        self.assertEqual((told["name"], told["versions"], told["platform"]), ("m", ["1", "2"], "python"))
        self.rest("POST", "/v1/models/m/rollback", {"reason": "test"}, 200)
        self.infer([1, 2, 3])
        self.assertEqual(server.asked[-1][0], "/base/v2/models/double/versions/1/infer")
        self.outage(server.end, lambda: Server(port))

    def test_over_grpc(self):
        pb, stubs, seen = self.pb, self.stubs, []

        class Service(stubs.GRPCInferenceServiceServicer):
            def ModelReady(self, request, context):
                return pb.ModelReadyResponse(ready=True)

            def ModelMetadata(self, request, context):
                answer = pb.ModelMetadataResponse(name="double", versions=["7"], platform="python")
                answer.inputs.add(name="x", datatype="FP32", shape=[-1, 3])
                answer.outputs.add(name="y", datatype="FP32", shape=[-1, 3])
                return answer

            def ModelInfer(self, request, context):
                seen.append((request.model_name, request.model_version, dict(context.invocation_metadata())))
                values = numpy.frombuffer(request.raw_input_contents[0], "f4")
                if values[0] == 13:
                    context.abort(grpc.StatusCode.INVALID_ARGUMENT, "13 brings bad luck")
                answer = pb.ModelInferResponse(model_name="double", id=request.id)
                answer.outputs.add(name="y", datatype="FP32", shape=request.inputs[0].shape)
                answer.raw_output_contents.append((2 * values).tobytes())
                return answer

        def start(port=0):
            server = grpc.server(concurrent.futures.ThreadPoolExecutor(4), options=[("grpc.so_reuseport", 0)])
            stubs.add_GRPCInferenceServiceServicer_to_server(Service(), server)
            got = server.add_insecure_port(f"127.0.0.1:{port}")
            server.start()
            self.addCleanup(lambda: server.stop(None).wait())
            return server, got
        server, port = start()
        self.serve(f'address: "grpc://127.0.0.1:{port}", name: double, token_file: token')
        answer = self.infer([1, 2, -3.5])
        self.assertEqual(answer["outputs"][0]["data"], [2, 4, -7])
        name, version, metadata = seen[-1]
        self.assertEqual((name, version, metadata["authorization"]), ("double", "", "Bearer let-me-in"))
        self.assertTrue(metadata["traceparent"])
        self.assertIn("13 brings", self.infer([13, 0, 0], 400)["detail"])
        self.outage(lambda: server.stop(None).wait(), lambda: start(port))


class BadConfiguration(program.Case):
    def test_is_told_before_anything_starts(self):
        for upstream, part in (('{model: m, address: "http://triton.example:8000"}', "not secured"),
                               ('{address: "https://triton.example"}', "without 'model'"),
                               ('{model: m, address: "ftp://triton.example"}', "no address"),
                               ('{model: m, address: "https://me:secret@triton.example"}', "credentials"),
                               ('{model: m, address: "https://triton.example", version: "../1"}', "version is a text"),
                               ('{model: m, address: "https://triton.example", tokenfile: x}', "no such key"),
                               ('{model: m, address: "https://triton.example", token_file: missing}', "missing")):
            (self.folder / "serve.yaml").write_text(f"upstreams: [{upstream}]\n")
            run = program.bartizan("serve", "--config", self.folder / "serve.yaml", "--state", self.folder / "state",
                                   "--listen", "127.0.0.1:0", timeout=60)
            self.assert_refused(run, part, status=run.returncode)
            self.assertIn(run.returncode, (1, 2, 3))


if __name__ == "__main__":
    unittest.main()
