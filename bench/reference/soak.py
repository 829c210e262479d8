#!/usr/bin/env python3
"""Minutes of full load on a service with all its faces: REST (wrk), gRPC (Debian's python3-grpcio), detectors, and, with
--stream, NATS JetStream around a gateway and a detector. Tells throughput, latency, refusals, whether memory grows, and
whether every answered request was counted.

    bench/reference/soak.py --bartizan build/release/bin/bartizan [--minutes 10] [--stream] [--out soak.json]

The model is a linear one of 28x28 pictures, written here, with a reference that is usual for it; callers send that kind of
picture, and no alert should be raised. Memory is told for each process as the growth of its resident set in MiB a minute,
by least squares over the second half of the time. Exit status 1 where a request failed, an event is missing, or memory grows
by more than --most MiB a minute. Needs wrk, python3-grpcio, python3-numpy, protobuf-compiler-grpc; --stream: nats-server."""
import argparse
import importlib
import json
import multiprocessing
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import numpy

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))
os.environ.setdefault("BARTIZAN_SOURCE_DIR", str(ROOT))

LUA = """
local file = io.open("{body}", "rb")
wrk.method = "POST"
wrk.body = file:read("*all")
wrk.headers["Authorization"] = "Bearer {key}"
wrk.headers["Inference-Header-Content-Length"] = "{length}"
"""
CONFIG = """
gates: {{scan: false, signature: false, audit_score: none}}
store: {store}
log_requests: false
quotas: [{{requests_per_second: 1000000, burst: 1000000, queries_per_day: 1000000000}}]
detectors: {{golden_seconds: 10}}
{stream}
"""


def pictures(seed, count):
    """Of one kind: smooth, in [0, 1]."""
    random = numpy.random.default_rng(seed)
    x, y = numpy.meshgrid(numpy.linspace(0, 1, 28), numpy.linspace(0, 1, 28))
    out = [0.5 + 0.4 * numpy.sin(6 * (a * x + b * y) + c) + random.normal(0, 0.03, x.shape)
           for a, b, c in random.normal(size=(count, 3))]
    return numpy.clip(numpy.asarray(out, "f4"), 0, 1).reshape(count, 1, 28, 28)


def resident(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) / 1024


def ask_grpc(address, key, folder, seed, until, told):
    """One caller after the other's answer, on one channel."""
    sys.path.insert(0, folder)
    import grpc
    pb, stubs = importlib.import_module("inference_pb2"), importlib.import_module("inference_pb2_grpc")
    items, times, failed = pictures(seed, 500), [], {}
    with grpc.insecure_channel(address) as channel:
        service = stubs.GRPCInferenceServiceStub(channel)
        turn = 0
        while time.time() < until:
            turn += 1
            request = pb.ModelInferRequest(model_name="m", raw_input_contents=[items[turn % 500].tobytes()])
            request.inputs.add(name="x", datatype="FP32", shape=[1, 1, 28, 28])
            began = time.perf_counter()
            try:
                service.ModelInfer(request, metadata=(("authorization", "Bearer " + key),), timeout=60)
                times.append(time.perf_counter() - began)
            except grpc.RpcError as error:
                failed[str(error.code())] = failed.get(str(error.code()), 0) + 1
    told.put((times, failed))


def slope(samples):
    half = samples[len(samples) // 2:]
    if len(half) < 3:
        return 0.0
    times, sizes = numpy.asarray(half, float).T
    return float(numpy.polyfit(times / 60, sizes, 1)[0])


class Soak:
    def __init__(self, options, folder):
        os.environ["BARTIZAN_BIN_DIR"] = str(pathlib.Path(options.bartizan).resolve().parent)
        self.options, self.folder, self.processes = options, folder, {}
        self.serve, self.stream = importlib.import_module("serve"), importlib.import_module("serve_stream")
        self.nats = self.stream.Nats(str(folder / "nats")) if options.stream else None

    def start(self, name, role, *words):
        import shutil
        state = self.folder / name
        config = self.folder / f"{name}.yaml"
        bus = f'stream: {{address: "{self.nats.address}", role: {role}}}' if self.nats else ""
        config.write_text(CONFIG.format(store=self.folder / "shared.db", stream=bus))
        if name != "gateway":
            (state / "secrets").mkdir(parents=True)
            for secret in (self.folder / "gateway" / "secrets").iterdir():
                if secret.name != "ledger.key":
                    shutil.copy(secret, state / "secrets")
            (state / "blobs").symlink_to(self.folder / "gateway" / "blobs")
        process = subprocess.Popen([self.options.bartizan, "serve", "--listen", "127.0.0.1:0", "--state", state, "--config", config,
                                    *words], stdout=subprocess.PIPE, stderr=open(self.folder / f"{name}.log", "w"), text=True)
        self.processes[name] = process
        return process.stdout.readline().split()[-1], process

    def rest(self, method, path, body=None, **headers):
        status, _, answer = self.serve.call(self.address, method, path, body, self.key, headers)
        if status >= 300:
            sys.exit(f"{method} {path}: {status} {answer}")
        return answer

    def prepare(self):
        import tiny_onnx
        self.address, process = self.start("gateway", "gateway", "--grpc-port", "0")
        self.grpc = process.stdout.readline().split()[-1]
        self.key = process.stdout.readline().split()[-1]
        weight = numpy.random.default_rng(0).normal(0, 0.1, (10, 784)).astype("f4")
        model = tiny_onnx.linear(self.folder / "m.onnx", weight, numpy.zeros(10, "f4"), (1, 28, 28))
        reference = self.folder / "reference.npz"
        numpy.savez(reference, x=pictures(1, 1000), y=numpy.zeros(1000, "i8"))
        environment = dict(os.environ, BARTIZAN_SERVER=self.address, BARTIZAN_KEY=self.key)
        subprocess.run([self.options.bartizan, "registry", "push", model, "--name", "m", "--data", reference], check=True,
                       env=environment, stdout=subprocess.DEVNULL)
        self.rest("PUT", "/v1/models/m/aliases/production", {"version": 1, "reason": "soak"})
        self.callers = {}
        for name in ("rest", "grpc0", "grpc1"):
            self.rest("POST", "/v1/principals", {"name": name})
            self.rest("PUT", f"/v1/principals/{name}/grants/consumer@model:m", {})
            self.callers[name] = self.rest("POST", "/v1/keys", {"principal": name})["key"]
        self.watcher = self.address
        if self.nats:
            self.watcher, _ = self.start("detector", "detector")
        subprocess.run(["protoc", f"-I{ROOT / 'docs'}", f"--python_out={self.folder}", f"--grpc_python_out={self.folder}",
                        "--plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin", "inference.proto"], check=True)
        head = json.dumps({"inputs": [{"name": "x", "shape": [1, 1, 28, 28], "datatype": "FP32",
                                       "parameters": {"binary_data_size": 3136}}]}).encode()
        (self.folder / "body").write_bytes(head + pictures(2, 1).tobytes())
        (self.folder / "load.lua").write_text(LUA.format(body=self.folder / "body", key=self.callers["rest"], length=len(head)))
        until = time.monotonic() + 120
        while self.serve.call(self.address, "GET", "/v2/models/m/ready", key=self.key)[0] != 200:
            if time.monotonic() > until:
                sys.exit("the model does not become ready")
            time.sleep(0.1)

    def metric(self, address, pattern):
        text = self.serve.call(address, "GET", "/metrics", key=self.key)[2].decode()
        return sum(float(value) for value in re.findall("^" + pattern + r" (\S+)$", text, re.MULTILINE))

    def run(self):
        seconds = self.options.minutes * 60
        before = self.metric(self.address, r'bartizan_inferences_total\{model="m",version="1",code="200"\}')
        until, told = time.time() + seconds, multiprocessing.Queue()
        callers = [multiprocessing.Process(target=ask_grpc, args=(self.grpc, self.callers[f"grpc{i}"], str(self.folder), 10 + i, until,
                                                                  told)) for i in range(2)]
        for caller in callers:
            caller.start()
        wrk = subprocess.Popen(["wrk", "-t1", f"-c{self.options.connections}", f"-d{int(seconds)}s", "--latency", "-s",
                                str(self.folder / "load.lua"), self.address + "/v2/models/m/infer"], stdout=subprocess.PIPE, text=True)
        samples = {name: [] for name in self.processes}
        while wrk.poll() is None:
            for name, process in self.processes.items():
                samples[name].append((time.monotonic(), resident(process.pid)))
            time.sleep(min(2.0, seconds / 40))
        text = wrk.stdout.read()
        answers = [told.get(timeout=120) for _ in callers]
        for caller in callers:
            caller.join()
        return self.report(seconds, text, answers, samples, before)

    def report(self, seconds, text, answers, samples, before):
        times = numpy.concatenate([numpy.asarray(one[0]) for one in answers])
        failed = {code: count for _, failures in answers for code, count in failures.items()}
        not_answered = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
        rest = int(re.search(r"(\d+) requests in", text)[1])
        out = {"seconds": seconds, "load_average": os.getloadavg()[0], "stream": bool(self.nats),
               "rest": {"answered": rest, "per_second": rest / seconds, "failed": int(not_answered[1]) if not_answered else 0,
                        **{f"p{p}": re.search(rf"{p}%\s+(\S+)", text)[1] for p in (50, 99)}},
               "grpc": {"answered": len(times), "per_second": len(times) / seconds, "failed": failed,
                        "p50": f"{1000 * numpy.percentile(times, 50):.2f}ms", "p99": f"{1000 * numpy.percentile(times, 99):.2f}ms"},
               "memory": {name: {"first_mib": round(one[0][1], 1), "last_mib": round(one[-1][1], 1),
                                 "mib_per_minute": round(slope(one), 3)} for name, one in samples.items()}}
        out["watched"] = {outcome: self.metric(self.watcher, rf'bartizan_watched_queries_total\{{outcome="{outcome}"\}}')
                          for outcome in ("seen", "let go")}
        out["alerts"] = self.metric(self.watcher, r"bartizan_detector_alerts_total\{.*\}")
        answered = self.metric(self.address, r'bartizan_inferences_total\{model="m",version="1",code="200"\}') - before
        out["counted_by_gateway"] = answered
        well = not failed and not not_answered and all(
            one["mib_per_minute"] <= self.options.most for one in out["memory"].values())
        if self.nats:
            well &= self.wait_for_counts(out)
        out["well"] = well
        return out

    def wait_for_counts(self, out):
        until = time.monotonic() + 120
        while True:
            counted = self.metric(self.watcher, r'bartizan_stream_counted_total\{partition="\d+",what="events"\}')
            kept = self.nats.messages()
            out["events"] = {"stream": kept, "counted": counted}
            if counted == kept:
                return kept >= out["counted_by_gateway"]
            if time.monotonic() > until:
                return False
            time.sleep(0.5)

    def end(self):
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            process.wait(60)
        if self.nats:
            self.nats.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bartizan", required=True)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--stream", action="store_true")
    parser.add_argument("--most", type=float, default=2, help="MiB a minute that a process may grow by")
    parser.add_argument("--out", type=pathlib.Path)
    options = parser.parse_args()
    options.bartizan = str(pathlib.Path(options.bartizan).resolve())
    with tempfile.TemporaryDirectory(prefix="bartizan-soak-") as folder:
        soak = Soak(options, pathlib.Path(folder))
        try:
            soak.prepare()
            result = soak.run()
        finally:
            soak.end()
    text = json.dumps(result, indent=1)
    print(text)
    if options.out:
        options.out.write_text(text + "\n")
    return 0 if result["well"] else 1


if __name__ == "__main__":
    sys.exit(main())
