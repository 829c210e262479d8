#!/usr/bin/env python3
"""The gateway's bars, each in one run: throughput of the filter chain beside nginx, added latency beside the worker called
directly, memory over a soak.

    bench/reference/gateway.py throughput build/bench/bin --work /tmp/gateway
    bench/reference/gateway.py latency build/bench/bin --work /tmp/gateway
    bench/reference/gateway.py soak build/bench/bin --work /tmp/gateway --minutes 10

The folder has gateway_chain_load, gateway_latency_load (of the preset "bench") and, for the last two, bartizan with its
helpers. Needs nginx-light, wrk and python3-numpy; `latency` and `soak` the package dataset-fashion-mnist."""
import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time

import numpy

sys.path.insert(0, str(pathlib.Path(__file__).parent))


def load_average():
    return pathlib.Path("/proc/loadavg").read_text().split()[0]


@contextlib.contextmanager
def running(words, **more):
    process = subprocess.Popen([str(word) for word in words], **more)
    try:
        yield process
    finally:
        if process.stdin:
            process.stdin.close()
        process.terminate()
        process.wait()


def wrk(address, script, seconds, connections=64):
    out = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(script), address],
                         capture_output=True, text=True, check=True).stdout
    if re.search(r"Non-2xx", out):
        sys.exit(out)
    return float(re.search(r"Requests/sec:\s*([\d.]+)", out)[1]), re.search(r"99%\s+(\S+)", out)[1]


def cpu_seconds(process):
    """Of a process and its children."""
    total = 0.0
    for number in [process, *map(int, subprocess.run(["pgrep", "-P", str(process)], capture_output=True, text=True).stdout.split())]:
        fields = pathlib.Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()
        total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def throughput(arguments):
    work = arguments.work
    random = numpy.random.default_rng(0)
    rows = numpy.clip(numpy.cumsum(random.normal(0, 0.1, (3000, 64)), 1), -2, 2).astype("float32").round(3)
    numpy.savez(work / "rows.npz", x=rows[:2000])
    shutil.rmtree(work / "state", ignore_errors=True)
    bodies = [json.dumps({"inputs": [{"name": "x", "shape": [1, 64], "datatype": "FP32", "data": [float(v) for v in row]}]},
                         separators=(",", ":")).replace("'", "") for row in rows[2000:]]
    words = [arguments.programs / "gateway_chain_load", work / "state", work / "rows.npz", arguments.threads]
    if arguments.log:
        words.append("log")
    with running(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=open(work / "log", "w"), text=True) as chain:
        address, key, size = chain.stdout.readline().split()
        post = work / "post.lua"
        post.write_text("local requests, at = {}, 0\n"
                        "function init()\n  for line in io.lines(\"%s\") do\n    requests[#requests + 1] = "
                        "wrk.format(\"POST\", \"/v2/models/m/infer\", {[\"Authorization\"] = \"Bearer %s\"}, line)\n  end\nend\n"
                        "function request()\n  at = at %% #requests + 1\n  return requests[at]\nend\n" % (work / "bodies", key))
        (work / "bodies").write_text("\n".join(bodies) + "\n")
        get = work / "get.lua"
        get.write_text("local one\nfunction init() one = wrk.format(\"GET\", \"/answer.json\") end\nfunction request() return one end\n")
        (work / "www").mkdir(exist_ok=True)
        (work / "www/answer.json").write_text("x" * int(size))
        (work / "nginx.conf").write_text(
            f"worker_processes {arguments.threads};\ndaemon off;\npid {work}/nginx.pid;\nerror_log {work}/nginx.log;\n"
            "events { worker_connections 256; }\nhttp {\n  access_log off; keepalive_requests 100000000; sendfile on; "
            "tcp_nopush on; open_file_cache max=10;\n  types { application/json json; }\n"
            f"  server {{ listen 127.0.0.1:8499; root {work}/www; }}\n}}\n")
        with running(["nginx", "-c", work / "nginx.conf"], stderr=subprocess.DEVNULL) as nginx:
            time.sleep(1)
            wrk(address, post, 2)
            ours, theirs, ratios = [], [], []
            for _ in range(arguments.rounds):
                began, cpu = time.monotonic(), cpu_seconds(chain.pid)
                mine, late = wrk(address, post, arguments.seconds)
                spent = (cpu_seconds(chain.pid) - cpu) / (mine * arguments.seconds) * 1e6
                cpu = cpu_seconds(nginx.pid)
                other, other_late = wrk("http://127.0.0.1:8499", get, arguments.seconds)
                other_spent = (cpu_seconds(nginx.pid) - cpu) / (other * arguments.seconds) * 1e6
                ours.append(mine)
                theirs.append(other)
                ratios.append(mine / other)
                print(f"chain {mine:8.0f}/s p99 {late:>8} {spent:5.1f} us of processor   nginx {other:8.0f}/s p99 {other_late:>8} "
                      f"{other_spent:5.1f} us   ratio {mine / other:.2f}   load {load_average()}", flush=True)
            print(f"median: chain {statistics.median(ours):.0f}/s, nginx {statistics.median(theirs):.0f}/s, "
                  f"ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}); {size} bytes an answer")


class Served:
    """`bartizan serve` with cnn-small of Fashion-MNIST in production."""

    def __init__(self, arguments):
        import detectors
        work = arguments.work
        model = work / "m.onnx"
        bartizan = arguments.programs / "bartizan"
        if not model.exists():
            subprocess.run([bartizan, "train", "cnn-small", "--data", "fashion-mnist:train", "--sample", "3000", "--epochs", "2",
                            "--out", model, "--quiet"], check=True, stdout=subprocess.DEVNULL)
        x, _ = detectors.pictures("t10k")
        numpy.savez(work / "reference.npz", x=x[:2000].reshape(-1, 1, 28, 28))
        self.x = x[2000:]
        shutil.rmtree(work / "state", ignore_errors=True)
        self.server = detectors.Server(bartizan, work, "golden_seconds: 300, squeeze_per_second: 0")
        self.server.run("registry", "push", model, "--name", "m", "--data", work / "reference.npz")
        self.server.run("registry", "promote", "m", "1", "--reason", "bench")
        self.key = self.server.client("caller")
        self.server.infer(self.key, self.x[:1])
        while "theft" not in self.server.ask_json("alert", "detectors")["versions"][0]["detectors"]:
            time.sleep(0.3)
            self.server.infer(self.key, self.x[1:2])
        self.port = int(self.server.address.rsplit(":", 1)[1])
        self.socket = next((work / "state/run").glob("*/s"), None) or next(pathlib.Path("/tmp").glob("bartizan-*/*/s"))


def latency(arguments):
    served = Served(arguments)
    program = arguments.programs / "gateway_latency_load"

    def load(rate, seconds):
        return json.loads(subprocess.run([program, str(served.port), served.key, "m", served.socket, "28,28", str(rate),
                                          str(seconds), str(arguments.threads)], capture_output=True, text=True, check=True).stdout)

    try:
        most = load(0, 5)["per_second"]
        rate = 0.6 * most
        print(f"at full speed {most:.0f}/s; measured at {rate:.0f}/s; load {load_average()}")
        added = []
        for _ in range(arguments.rounds):
            seen = load(rate, arguments.seconds)
            added.append([seen["gateway"][p] - seen["worker"][p] for p in ("p50", "p99")])
            print(f"gateway p50 {seen['gateway']['p50']:.0f} p99 {seen['gateway']['p99']:.0f} us, worker p50 "
                  f"{seen['worker']['p50']:.0f} p99 {seen['worker']['p99']:.0f} us, added p50 {added[-1][0]:.0f} p99 "
                  f"{added[-1][1]:.0f} us, {seen['gateway']['requests']} requests, {seen['failed']} failed, load {load_average()}",
                  flush=True)
        print("median added: p50 {:.0f} us, p99 {:.0f} us".format(*(statistics.median(column) for column in zip(*added))))
    finally:
        served.server.end()


def resident(process):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{process}/status").read_text())[1]) / 1024


def soak(arguments):
    served = Served(arguments)
    program = arguments.programs / "gateway_latency_load"
    service = served.server.process.pid
    seconds = arguments.minutes * 60
    try:
        with running([program, served.port, served.key, "m", served.socket, "28,28", 0, seconds, arguments.threads],
                     stdout=subprocess.PIPE, text=True) as loader:
            began, seen = time.monotonic(), []
            while loader.poll() is None:
                seen.append((time.monotonic() - began, resident(service)))
                print(f"{seen[-1][0]:6.0f} s  {seen[-1][1]:7.1f} MiB  load {load_average()}", flush=True)
                time.sleep(max(seconds / 20, 5))
            told = json.loads(loader.stdout.read())
        late = numpy.array([one for one in seen if one[0] > seconds / 3])
        slope = numpy.polyfit(late[:, 0] / 60, late[:, 1], 1)[0]
        print(f"{told['per_second']:.0f}/s for {arguments.minutes} min, {told['failed']} failed; memory {late[0, 1]:.1f} to "
              f"{late[-1, 1]:.1f} MiB after the first third, {slope:+.2f} MiB a minute")
    finally:
        served.server.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("throughput", "latency", "soak"))
    parser.add_argument("programs", type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("--work", required=True, type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--log", action="store_true", help="with a log line for each request")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    {"throughput": throughput, "latency": latency, "soak": soak}[arguments.what](arguments)


if __name__ == "__main__":
    main()
