"""`bartizan serve --grpc-port`: a stock gRPC client, whose code protoc makes from docs/inference.proto, against a real
service: the same answers, the same refusals, the same counts as over REST; over TLS with client certificates too."""
import http.client
import importlib
import json
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
import grpc
import numpy

import program
import serve
import serve_tls
import tiny_onnx

CONFIG = """
gates: {scan: false, signature: false, audit_score: none}
limits: {request_bytes: 65536}
quotas:
  - {principal: slow, requests_per_second: 0.01, burst: 2}
outputs:
  - {principal: partner, model: m, policy: "labels"}
"""


WEIGHT = numpy.array([[1, 0, 3], [-1, 2, 1]], "f4")


def client_code(folder):
    """The modules that protoc and the plug-in of gRPC make."""
    run = subprocess.run(["protoc", f"-I{program.SOURCE / 'docs'}", f"--python_out={folder}", f"--grpc_python_out={folder}",
                          "--plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin", "inference.proto"], capture_output=True,
                         text=True)
    if run.returncode != 0:
        raise AssertionError(run.stderr)
    sys.path.insert(0, str(folder))
    return importlib.import_module("inference_pb2"), importlib.import_module("inference_pb2_grpc")


class GrpcCase(program.Case):
    pb = stubs = None

    def setUp(self):
        super().setUp()
        if GrpcCase.pb is None:
            GrpcCase.pb, GrpcCase.stubs = client_code(self.folder)

    def stub(self, address, credentials=None):
        channel = grpc.secure_channel(address, credentials) if credentials else grpc.insecure_channel(address)
        self.addCleanup(channel.close)
        return self.stubs.GRPCInferenceServiceStub(channel)

    def inference(self, rows, raw=True, model="m", version="", **more):
        values = numpy.asarray(rows, numpy.float32)
        request = self.pb.ModelInferRequest(model_name=model, model_version=version, **more)
        tensor = request.inputs.add(name="x", datatype="FP32", shape=values.shape)
        if raw:
            request.raw_input_contents.append(values.tobytes())
        else:
            tensor.contents.fp32_contents.extend(values.reshape(-1).tolist())
        return request

    def refused(self, call, code, name=None):
        with self.assertRaises(grpc.RpcError) as caught:
            call()
        self.assertEqual(caught.exception.code(), code, caught.exception)
        told = dict(caught.exception.trailing_metadata())
        if name:
            self.assertEqual(told.get("bartizan-code"), name)
            self.assertTrue(told.get("x-request-id"), told)
        return caught.exception


def bearer(key):
    return (("authorization", "Bearer " + key),)


class Grpc(GrpcCase):
    def setUp(self):
        super().setUp()
        (self.folder / "serve.yaml").write_text(CONFIG)
        for version, bias in ((1, 0.0), (2, 5.0)):
            tiny_onnx.linear(self.folder / f"m{version}.onnx", WEIGHT, numpy.array([bias, 0], "f4"), (3,))
        self.start()

    def start(self, *words):
        log = open(self.folder / "log", "w")
        self.addCleanup(log.close)
        self.process = subprocess.Popen(
            [program.BIN / "bartizan", "serve", "--listen", "127.0.0.1:0", "--grpc-port", "0", "--state", self.folder / "state",
             "--config", self.folder / "serve.yaml", *words], stdout=subprocess.PIPE, stderr=log, text=True)
        self.addCleanup(lambda: (self.process.kill(), self.process.wait(), self.process.stdout.close()))
        self.address = re.fullmatch(r"listening on (http://127\.0\.0\.1:\d+)\n", self.process.stdout.readline())[1]
        self.grpc = re.fullmatch(r"gRPC on (127\.0\.0\.1:\d+)\n", self.process.stdout.readline())[1]
        self.key = re.fullmatch(r"admin key: (btz_\S+)\n", self.process.stdout.readline())[1]
        self.service = self.stub(self.grpc)

    def rest(self, method, path, body=None, key=None, status=None):
        got, headers, answer = serve.call(self.address, method, path, body, key or self.key)
        if status:
            self.assertEqual(got, status, answer)
        return answer

    def account(self, name, grant="consumer@model:m"):
        self.rest("POST", "/v1/principals", {"name": name}, status=201)
        self.rest("PUT", f"/v1/principals/{name}/grants/{grant}", {}, status=200)
        return self.rest("POST", "/v1/keys", {"principal": name}, status=201)["key"]

    def push(self, version):
        content = (self.folder / f"m{version}.onnx").read_bytes()
        self.rest("POST", "/v1/models/m/versions?file=m.onnx", content, status=201)
        self.rest("PUT", "/v1/models/m/aliases/production", {"version": version, "reason": "test"}, status=200)

    def test_the_whole_story(self):
        self.push(1)
        self.shop, self.slow, self.partner = (self.account(name) for name in ("shop", "slow", "partner"))
        self.check_open_methods()
        self.check_answers()
        self.check_refusals()
        self.check_rollback()
        self.check_load()
        self.check_ledger_and_metrics()
        self.check_drain()

    def check_open_methods(self):
        self.assertTrue(self.service.ServerLive(self.pb.ServerLiveRequest()).live)
        self.assertTrue(self.service.ServerReady(self.pb.ServerReadyRequest()).ready)
        told = self.service.ServerMetadata(self.pb.ServerMetadataRequest())
        self.assertEqual((told.name, list(told.extensions)), ("bartizan", ["binary_tensor_data"]))
        with grpc.insecure_channel(self.grpc) as channel:
            health = channel.unary_unary("/grpc.health.v1.Health/Check")
            self.assertEqual(health(b""), b"\x08\x01")

    def check_answers(self):
        rows = [[1, 2, 3], [0.5, -1, 0]]
        model = self.service.ModelMetadata(self.pb.ModelMetadataRequest(name="m"), metadata=bearer(self.shop))
        self.assertEqual((model.name, model.platform, list(model.versions)), ("m", "onnx_onnxv1", ["1"]))
        self.assertEqual([(one.name, one.datatype, list(one.shape)) for one in model.inputs], [("x", "FP32", [-1, 3])])
        self.assertTrue(self.service.ModelReady(self.pb.ModelReadyRequest(name="m"), metadata=bearer(self.shop)).ready)
        rest = self.rest("POST", "/v2/models/m/infer", {"inputs": [
            {"name": "x", "shape": [2, 3], "datatype": "FP32", "data": rows}]}, self.shop, 200)["outputs"][0]
        for raw in (True, False):
            for metadata in (bearer(self.shop), (("x-api-key", self.shop),)):
                request = self.inference(rows, raw, id="42")
                answer, call = self.service.ModelInfer.with_call(request, metadata=metadata)
                self.assertEqual((answer.model_name, answer.model_version, answer.id), ("m", "1", "42"))
                output = answer.outputs[0]
                self.assertEqual((output.name, output.datatype, list(output.shape)), (rest["name"], "FP32", rest["shape"]))
                self.assertEqual(len(answer.raw_output_contents), 1 if raw else 0)
                got = numpy.frombuffer(answer.raw_output_contents[0], "<f4") if raw else output.contents.fp32_contents
                numpy.testing.assert_array_equal(numpy.asarray(got, numpy.float32), numpy.float32(rest["data"]))
                self.assertEqual(dict(call.trailing_metadata())["bartizan-model-version"], "1")
        # An output policy holds here as there.
        labels = self.service.ModelInfer(self.inference([[1, 2, 3]]), metadata=bearer(self.partner))
        self.assertEqual(sorted(struct.unpack("<2f", labels.raw_output_contents[0])), [0, 1])

    def check_refusals(self):
        infer, good = self.service.ModelInfer, self.inference([[1, 2, 3]])
        code = grpc.StatusCode
        self.refused(lambda: infer(good), code.UNAUTHENTICATED, "not-identified")
        self.refused(lambda: infer(good, metadata=bearer("btz_0_0")), code.UNAUTHENTICATED, "not-identified")
        self.refused(lambda: infer(good, metadata=bearer(self.shop) + (("x-api-key", self.shop),)), code.UNAUTHENTICATED)
        shop = {"metadata": bearer(self.shop)}
        self.refused(lambda: infer(self.inference([[1, 2, 3]], model="other"), **shop), code.PERMISSION_DENIED, "denied")
        self.refused(lambda: infer(self.inference([[1, 2, 3]], model="../m"), **shop), code.INVALID_ARGUMENT, "bad-path")
        self.refused(lambda: infer(self.inference([[1, 2, 3]], model="m", version="9"), **shop), code.PERMISSION_DENIED, "denied")
        self.refused(lambda: infer(self.inference([[1, 2, 3]], version="9"), metadata=bearer(self.key)), code.NOT_FOUND, "not-found")
        self.refused(lambda: infer(self.inference([[1, 2]]), **shop), code.INVALID_ARGUMENT, "input-does-not-fit")
        self.refused(lambda: infer(self.inference([[1, 2, float("nan")]]), **shop), code.INVALID_ARGUMENT, "input-out-of-range")
        bad = self.inference([[1, 2, 3]])
        bad.raw_input_contents[0] += b"more"
        self.refused(lambda: infer(bad, **shop), code.INVALID_ARGUMENT, "invalid-input")
        mixed = self.inference([[1, 2, 3]])
        mixed.inputs[0].contents.fp32_contents.append(1)
        self.refused(lambda: infer(mixed, **shop), code.INVALID_ARGUMENT, "invalid-input")
        memory = self.inference([[1, 2, 3]])
        memory.inputs[0].parameters["shared_memory_region"].string_param = "a"
        self.refused(lambda: infer(memory, **shop), code.INVALID_ARGUMENT, "unsupported")
        self.refused(lambda: infer(self.inference(numpy.zeros((10_000, 3))), **shop), code.RESOURCE_EXHAUSTED)
        self.refused(lambda: infer(good, compression=grpc.Compression.Gzip, **shop), code.UNIMPLEMENTED)
        for _ in range(2):
            infer(good, metadata=bearer(self.slow))
        refused = self.refused(lambda: infer(good, metadata=bearer(self.slow)), code.RESOURCE_EXHAUSTED, "rate-exceeded")
        self.assertGreater(int(dict(refused.trailing_metadata())["retry-after"]), 0)

    def check_rollback(self):
        self.push(2)
        first = lambda: self.service.ModelInfer(self.inference([[1, 2, 3]]), metadata=bearer(self.shop)).model_version
        self.assertEqual(first(), "2")
        self.rest("POST", "/v1/models/m/rollback", {"reason": "test"}, status=200)
        began = time.monotonic()
        while first() != "1":
            self.assertLess(time.monotonic() - began, 1)

    def check_load(self):
        """Many at a time, and big ones cut into many frames: each gets the answer to its own question."""
        rows = numpy.random.default_rng(1).normal(size=(3000, 3)).astype(numpy.float32)
        wrong = []

        def ask(seed):
            mine = numpy.roll(rows, seed, axis=0)
            for _ in range(5):
                answer = self.service.ModelInfer(self.inference(mine), metadata=bearer(self.shop))
                got = numpy.frombuffer(answer.raw_output_contents[0], "<f4").reshape(-1, 2)
                if not numpy.allclose(got, mine @ WEIGHT.T, atol=1e-4):
                    wrong.append(seed)

        threads = [threading.Thread(target=ask, args=(i,)) for i in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def check_ledger_and_metrics(self):
        metrics = serve.call(self.address, "GET", "/metrics", key=self.key)[2].decode()
        counted = re.search(r'bartizan_inferences_total\{model="m",version="1",code="200"\} (\d+)', metrics)
        self.assertGreaterEqual(int(counted[1]), 1 + 4 + 1 + 2 + 1 + 80)
        entries = json.dumps(self.rest("GET", "/v1/ledger/entries?limit=200"))
        self.assertIn("POST /v2/models/{name}/infer", entries)
        self.assertNotIn(self.shop[17:], entries + (self.folder / "log").read_text())

    def check_drain(self):
        """Requests under way end; later ones are told to go elsewhere."""
        answered = []
        stop = threading.Event()

        def ask():
            while not stop.is_set():
                try:
                    self.service.ModelInfer(self.inference([[1, 2, 3]]), metadata=bearer(self.shop), timeout=20)
                    answered.append("ok")
                except grpc.RpcError as error:
                    answered.append(error.code())
                    return

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.3)
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.process.wait(60), 0)
        stop.set()
        for thread in threads:
            thread.join()
        self.assertIn("ok", answered)
        self.assertLessEqual(set(answered), {"ok", grpc.StatusCode.UNAVAILABLE})


class Start(GrpcCase):
    def test_ports_that_cannot_be(self):
        with open(self.folder / "serve.yaml", "w") as config:
            config.write("grpc_port: 70000\n")
        self.assert_refused(program.bartizan("serve", "--config", self.folder / "serve.yaml"), "grpc_port", ":1:")
        self.assert_refused(program.bartizan("serve", "--grpc-port", "-1"), "--grpc-port")


class GrpcTls(serve_tls.Tls, GrpcCase):
    def start(self):
        (self.folder / "serve.yaml").write_text(serve_tls.CONFIG + "grpc_port: 0\n")
        log = open(self.folder / "log", "w")
        self.addCleanup(log.close)
        process = subprocess.Popen([program.BIN / "bartizan", "serve", "--listen", "127.0.0.1:0", "--state", self.folder / "state",
                                    "--config", self.folder / "serve.yaml"], stdout=subprocess.PIPE, stderr=log, text=True)
        self.addCleanup(lambda: (process.kill(), process.wait(), process.stdout.close()))
        self.port = int(re.fullmatch(r"listening on https://127\.0\.0\.1:(\d+)\n", process.stdout.readline())[1])
        self.grpc_port = int(re.fullmatch(r"gRPC on 127\.0\.0\.1:(\d+)\n", process.stdout.readline())[1])
        self.key = re.fullmatch(r"admin key: (btz_\S+)\n", process.stdout.readline())[1]
        return process

    def credentials(self, authority="ca", certificate=None):
        read = lambda name: (self.folder / name).read_bytes()
        pair = {"private_key": read(certificate + ".key"), "certificate_chain": read(certificate + ".pem")} if certificate else {}
        return grpc.ssl_channel_credentials(read(authority + ".pem"), **pair)

    def found(self, metadata=(), **more):
        stub = self.stub(f"localhost:{self.grpc_port}", self.credentials(**more))
        with self.assertRaises(grpc.RpcError) as caught:
            stub.ModelReady(self.pb.ModelReadyRequest(name="nothing"), metadata=metadata, timeout=20)
        return caught.exception.code()

    def test_who_may_speak_and_as_whom(self):
        code = grpc.StatusCode
        self.assertEqual(self.found(bearer(self.key)), code.NOT_FOUND)
        self.assertEqual(self.found(), code.UNAUTHENTICATED)
        self.assertEqual(self.found(bearer(self.key), authority="other"), code.UNAVAILABLE)
        self.assertEqual(self.found(certificate="edge"), code.UNAUTHENTICATED)
        status, body = self.call("POST", "/v1/principals", {"name": "edge", "kind": "service",
                                                            "external": "cert:CN=edge,O=Example"}, self.key)
        self.assertEqual(status, 201, body)
        self.assertEqual(self.found(certificate="edge"), code.PERMISSION_DENIED, "known, and may nothing")
        self.assertNotEqual(self.found(certificate="foreign"), code.PERMISSION_DENIED)
        self.assertEqual(self.found(bearer(self.token())), code.UNAUTHENTICATED)
        self.call("POST", "/v1/principals", {"name": "ann", "kind": "person", "external": "jwt:https://id.example#ann"}, self.key)
        self.assertEqual(self.found(bearer(self.token())), code.PERMISSION_DENIED)
        self.check_grpc_renewal()

    def check_grpc_renewal(self):
        """The certificate of another authority is taken after SIGHUP; one that is none is refused, and the last one goes on."""
        self.certificate("server", "/CN=localhost", "other", "subjectAltName=DNS:localhost,IP:127.0.0.1")
        self.service.send_signal(signal.SIGHUP)
        until = time.monotonic() + 30
        while self.found(bearer(self.key), authority="other") != grpc.StatusCode.NOT_FOUND:
            self.assertLess(time.monotonic(), until)
        (self.folder / "server.pem").write_text("this is no certificate")
        self.service.send_signal(signal.SIGHUP)
        while "config.refused" not in (self.folder / "log").read_text():
            self.assertLess(time.monotonic(), until + 30)
            time.sleep(0.1)
        self.assertEqual(self.found(bearer(self.key), authority="other"), grpc.StatusCode.NOT_FOUND)


if __name__ == "__main__":
    unittest.main(defaultTest=["Grpc", "Start", "GrpcTls"])
