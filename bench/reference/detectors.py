#!/usr/bin/env python3
"""The detectors behind `bartizan serve`, measured from outside: honest clients, thieves, attackers of the boundary, and
attackers who know the detectors, all over HTTP against a small network of Fashion-MNIST. Prints the tables of
docs/detectors.md.

    bench/reference/detectors.py build/release/bin/bartizan --work /tmp/detectors

Needs python3-numpy and the package dataset-fashion-mnist."""
import argparse
import gzip
import http.client
import json
import math
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import numpy

WIDTH = 784
HOME = pathlib.Path("/usr/share/datasets/fashion-mnist")


def pictures(name):
    with gzip.open(HOME / f"{name}-images-idx3-ubyte.gz") as images, gzip.open(HOME / f"{name}-labels-idx1-ubyte.gz") as labels:
        x = numpy.frombuffer(images.read(), "uint8", offset=16).reshape(-1, WIDTH).astype("float32") / 255
        return x, numpy.frombuffer(labels.read(), "uint8", offset=8).astype("int64")


def wilson(part, whole, z=1.959963984540054):
    p, centre = part / whole, (part / whole + z * z / (2 * whole)) / (1 + z * z / whole)
    half = z * math.sqrt(p * (1 - p) / whole + z * z / (4 * whole * whole)) / (1 + z * z / whole)
    return max(0.0, centre - half), min(1.0, centre + half)


class Server:
    def __init__(self, bartizan, work, options):
        self.bartizan, self.work = bartizan, work
        config = work / "serve.yaml"
        config.write_text("gates: {scan: true, signature: false, audit_score: none}\nlog_requests: false\n"
                          f"detectors: {{{options}}}\n"
                          "quotas:\n  - {requests_per_second: 100000, burst: 100000, queries_per_day: 100000000}\n")
        self.process = subprocess.Popen([bartizan, "serve", "--listen", "127.0.0.1:0", "--state", work / "state",
                                         "--config", config], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.address = re.match(r"listening on (\S+)", self.process.stdout.readline())[1]
        self.key = re.match(r"admin key: (\S+)", self.process.stdout.readline())[1]
        self.connection = http.client.HTTPConnection(self.address.removeprefix("http://"), timeout=120)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    def run(self, *words, key=None):
        done = subprocess.run([str(word) for word in (self.bartizan, *words)], capture_output=True, text=True,
                              env=dict(os.environ, BARTIZAN_SERVER=self.address, BARTIZAN_KEY=key or self.key))
        if done.returncode > 1:
            sys.exit(f"{words}\n{done.stderr}")
        return done.stdout

    def ask_json(self, *words):
        return json.loads(self.run(*words, "--format", "json"))

    def client(self, name):
        self.run("user", "add", name)
        self.run("role", "grant", name, "consumer", "model:m")
        return self.ask_json("key", "create", "--for", name)["key"]

    def infer(self, key, rows):
        rows = numpy.ascontiguousarray(rows, "<f4").reshape(-1, 1, 28, 28)
        head = json.dumps({"inputs": [{"name": "input", "shape": list(rows.shape), "datatype": "FP32", "parameters":
                                       {"binary_data_size": rows.nbytes}}], "parameters": {"binary_data_output": True}}).encode()
        self.connection.request("POST", "/v2/models/m/infer", head + rows.tobytes(), {
            "Authorization": "Bearer " + key, "Inference-Header-Content-Length": str(len(head))})
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            sys.exit(f"{answer.status} {body[:300]}")
        at = int(answer.headers["Inference-Header-Content-Length"])
        return numpy.frombuffer(body[at:], "<f4").reshape(len(rows), -1)

    def settle(self):
        """Until the detectors have seen all that was asked."""
        seen = -1
        while True:
            now = self.run("alert", "list", "--format", "json")
            self.connection.request("GET", "/metrics", headers={"Authorization": "Bearer " + self.key})
            text = self.connection.getresponse().read().decode()
            count = re.search(r'watched_queries_total\{outcome="seen"\} (\d+)', text)
            count = int(count[1]) if count else 0
            if 'outcome="let go"' in text:
                sys.exit("the detectors could not keep up: " + text[text.index('outcome="let go"'):][:40])
            if count == seen:
                return json.loads(now)["alerts"]
            seen = count
            time.sleep(0.5)

    def first(self):
        """The first alert of each detector and client: its evidence, from the ledger."""
        self.settle()
        shown = json.loads(self.run("ledger", "show", self.work / "state/ledger", "--limit", "100000", "--format", "json"))["shown"]
        out = {}
        for entry in shown:
            if entry["kind"] == "alert.raised":
                for who in entry["details"]["principals"] or ["(all)"]:
                    out.setdefault((entry["actor"].split(":")[1], who), entry["details"]["evidence"])
        return out


def mix(random, labels, count):
    """Rows of an honest client: classes by a symmetric Dirichlet distribution of 2."""
    share = random.dirichlet(numpy.full(10, 2.0))
    weight = share[labels] / numpy.bincount(labels, minlength=10)[labels]
    return random.choice(len(labels), count, p=weight / weight.sum(), replace=False)


class Study:
    def __init__(self, arguments):
        self.arguments = arguments
        self.work = pathlib.Path(arguments.work)
        self.work.mkdir(parents=True, exist_ok=True)
        self.random = numpy.random.default_rng(0)
        x, y = pictures("t10k")
        order = self.random.permutation(len(y))
        self.reference, self.x, self.y = x[order[:2000]], x[order[2000:]], y[order[2000:]]
        numpy.savez(self.work / "reference.npz", x=self.reference.reshape(-1, 1, 28, 28))
        self.members, labels = (part[:12000] for part in pictures("train"))
        numpy.savez(self.work / "train.npz", x=self.members.reshape(-1, 1, 28, 28), y=labels)
        numpy.savez_compressed(self.work / "members.npz", x=(self.members * 255).round().astype("uint8").reshape(-1, 1, 28, 28))
        model = self.work / "m.onnx"
        if not model.exists():
            subprocess.run([arguments.bartizan, "train", "cnn-small", "--data", self.work / "train.npz", "--epochs", "6",
                            "--out", model, "--quiet"], check=True, stdout=subprocess.DEVNULL)
        import shutil
        shutil.rmtree(self.work / "state", ignore_errors=True)
        self.server = Server(arguments.bartizan, self.work, arguments.detectors)
        self.server.run("registry", "push", model, "--name", "m", "--data", self.work / "reference.npz",
                        "--members", self.work / "members.npz")
        self.server.run("registry", "promote", "m", "1", "--reason", "study")
        self.admin = self.server.key
        self.server.infer(self.admin, self.x[:1])
        while "theft" not in self.server.ask_json("alert", "detectors")["versions"][0]["detectors"]:
            time.sleep(0.5)
            self.server.infer(self.admin, self.x[1:2])

    def ask(self, key, rows):
        for at in range(0, len(rows), 50):
            self.server.infer(key, rows[at:at + 50])
            if at % 1000 == 0:
                time.sleep(0.05)

    def honest(self, clients, queries):
        for number in range(clients):
            self.ask(self.server.client(f"honest{number}"), self.x[mix(self.random, self.y, queries)])
        first = self.server.first()
        total = clients * queries
        print(f"\n{clients} honest clients, {queries} queries each:")
        for detector in ("theft", "similarity", "outliers", "membership", "squeezing", "volume", "drift"):
            hit = [who for name, who in first if name == detector and (who.startswith("honest") or who == "(all)")]
            low, high = wilson(len(hit), clients)
            print(f"  {detector:<11} {len(hit)} of {clients} clients ({100 * low:.1f} to {100 * high:.1f} %), "
                  f"{1e6 * len(hit) / total:.0f} alarms a million queries")

    def made(self, name, queries):
        """Rows of a thief; jbda asks the model, the others make theirs."""
        x = self.x[self.random.choice(len(self.x), queries, replace=False)]
        if name == "noise":
            return self.random.uniform(0, 1, x.shape).astype("float32")
        if name == "patch-shuffle":
            patches = x.reshape(-1, 4, 7, 4, 7).transpose(0, 1, 3, 2, 4).reshape(len(x), 16, 49)
            for row in patches:
                self.random.shuffle(row)
            return patches.reshape(-1, 4, 4, 7, 7).transpose(0, 1, 3, 2, 4).reshape(len(x), WIDTH)
        if name == "perturbed (jbda's step, 0.1)":
            return numpy.clip(x + 0.1 * self.random.choice([-1, 1], x.shape), 0, 1).astype("float32")
        if name == "small steps (0.02)":
            return numpy.clip(x + 0.02 * self.random.choice([-1, 1], x.shape), 0, 1).astype("float32")
        if name == "one in four perturbed":
            some = self.random.random(len(x)) < 0.25
            x[some] = numpy.clip(x[some] + 0.1 * self.random.choice([-1, 1], x[some].shape), 0, 1)
            return x
        if name == "half perturbed":
            some = self.random.random(len(x)) < 0.5
            x[some] = numpy.clip(x[some] + 0.1 * self.random.choice([-1, 1], x[some].shape), 0, 1)
            return x
        return x

    def thieves(self, clients):
        print("\nthieves, 1,000 queries each: named by query 50, 100, 200, 1,000")
        for name in ("noise", "patch-shuffle", "perturbed (jbda's step, 0.1)", "half perturbed", "one in four perturbed",
                     "small steps (0.02)", "honest pictures (knockoff)"):
            for number in range(clients):
                self.ask(self.server.client(f"{re.sub('[^a-z]', '', name)}{number}"), self.made(name, 1000))
            first = self.server.first()
            at = [first.get(("theft", f"{re.sub('[^a-z]', '', name)}{n}"), {}).get("queries", 10 ** 9) for n in range(clients)]
            print(f"  {name:<30} " + "  ".join(f"{sum(a <= most for a in at)} of {clients}" for most in (50, 100, 200, 1000)))

    def boundary(self, clients):
        """Walks around one picture with steps of one size: what HopSkipJump, NES and SimBA do, bare."""
        print("\nchains: queries around one picture with uniform noise of one size, 200 each: named, and after how many queries")
        for size in (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2):
            for number in range(clients):
                around = self.x[self.random.integers(len(self.x))]
                rows = numpy.clip(around + self.random.uniform(-size, size, (200, WIDTH)), 0, 1)
                self.ask(self.server.client(f"walk{str(size).replace('.', '-')}-{number}"), rows)
            first = self.server.first()
            found = [first[("similarity", f"walk{str(size).replace('.', '-')}-{n}")]["queries"]
                     for n in range(clients) if ("similarity", f"walk{str(size).replace('.', '-')}-{n}") in first]
            print(f"  {size:<6} {len(found)} of {clients}  {min(found) + 1 if found else '-'}")

    def adversarial(self, clients):
        """Pictures made by the product's own attacks on the model's file, and sent one by one."""
        print("\nadversarial pictures, 40 each: fooled, named by squeezing within, after so many queries")
        numpy.savez(self.work / "attacked.npz", x=self.x[:400].reshape(-1, 1, 28, 28), y=self.y[:400])
        for attack, eps in (("fgsm", 0.1), ("pgd", 0.02), ("pgd", 0.05), ("pgd", 0.1), ("apgd-dlr", 0.05), ("fab", 0.1)):
            out = self.work / "adversarial.npz"
            at, fooled = [], []
            for number in range(clients):
                text = subprocess.run([self.arguments.bartizan, "attack", self.work / "m.onnx", "--data",
                                       self.work / "attacked.npz", "--attack", attack, "--eps", str(eps), "--sample", "40",
                                       "--seed", str(number), "--out", out, "--quiet", "--format", "json", "--fail-on", "never"],
                                      capture_output=True, text=True, check=True).stdout
                fooled.append(json.loads(text)["success_rate"])
                with numpy.load(out) as made:
                    rows = made["x_adv" if "x_adv" in made else "x"].reshape(-1, WIDTH)
                name = f"{attack}{str(eps).replace('.', '-')}-{number}"
                key = self.server.client(name)
                for row in rows:
                    self.server.infer(key, row)
                    time.sleep(0.025)  # the detector looks at 50 a second
                found = self.server.first().get(("squeezing", name))
                at.append(found["of"] if found else None)
            seen = [one for one in at if one is not None]
            print(f"  {attack:<9} {eps:<5} {sum(fooled) / len(fooled):.2f}  {len(seen)} of {clients}  "
                  f"{sorted(seen)[len(seen) // 2] if seen else '-'}")

    def named(self, detector, name, clients, points):
        """In how many of the clients' accounts by each number of queries, and the median where it was seen."""
        first = self.server.first()
        at = [first.get((detector, f"{name}{n}"), {}).get("of", 10 ** 9) for n in range(clients)]
        seen = sorted(one for one in at if one < 10 ** 9)
        return ("  ".join(f"{sum(one <= most for one in at)} of {clients}" for most in points) +
                f"   median {seen[len(seen) // 2] if seen else '-'}")

    def strange(self, name, count):
        """Inputs that the model is not for; of the last three, the maker knows the detector."""
        x = self.x[self.random.choice(len(self.x), count, replace=False)].reshape(-1, 28, 28)
        other = self.x[self.random.choice(len(self.x), count, replace=False)].reshape(-1, 28, 28)
        turned = numpy.rot90(x, axes=(1, 2)).copy()
        if name == "turned by a quarter":
            return turned
        if name == "negative":
            return 1 - x
        if name == "upside down":
            return x[:, ::-1].copy()
        if name == "uniform noise":
            return self.random.uniform(0, 1, x.shape).astype("float32")
        if name == "halves of two":
            return numpy.concatenate([x[:, :, :14], other[:, :, 14:]], 2)
        if name == "one turned in four":
            some = self.random.random(count) < 0.25
            x[some] = turned[some]
            return x
        if name == "two blended, 80 to 20":
            return 0.8 * x + 0.2 * other
        if name == "turned, the surest tenth":
            many = numpy.rot90(self.x[self.random.choice(len(self.x), 5000, replace=False)].reshape(-1, 28, 28), axes=(1, 2)).copy()
            scores = numpy.concatenate([self.server.infer(self.admin, many[at:at + 50]) for at in range(0, 5000, 50)])
            scores = numpy.exp(scores - scores.max(1, keepdims=True))
            sure = (scores / scores.sum(1, keepdims=True)).max(1)
            return many[numpy.argsort(-sure)[:count]]
        raise ValueError(name)

    def outliers(self, clients):
        print("\ninputs that the model is not for, 200 queries each: named by outliers by query 10, 20, 50, 200")
        for name in ("turned by a quarter", "upside down", "negative", "halves of two", "uniform noise", "one turned in four",
                     "two blended, 80 to 20", "turned, the surest tenth"):
            short = "out" + re.sub("[^a-z]", "", name)
            for number in range(clients):
                self.ask(self.server.client(f"{short}{number}"), self.strange(name, 200))
            print(f"  {name:<26} " + self.named("outliers", short, clients, (10, 20, 50, 200)))

    def probing(self, clients):
        """Candidates, half of them members; with changes that leave a membership attack something to go by."""
        def shifted(x, by):
            return numpy.roll(x.reshape(-1, 28, 28), by, 2).reshape(-1, WIDTH)

        changes = {
            "as they are": lambda x: x,
            "noise of 0.05": lambda x: numpy.clip(x + self.random.uniform(-0.05, 0.05, x.shape), 0, 1),
            "one member in ten": lambda x: x,
            "noise of 0.1": lambda x: numpy.clip(x + self.random.uniform(-0.1, 0.1, x.shape), 0, 1),
            "noise of 0.2": lambda x: numpy.clip(x + self.random.uniform(-0.2, 0.2, x.shape), 0, 1),
            "brighter by 0.2": lambda x: numpy.clip(x * 1.2, 0, 1),
            "shifted by 1": lambda x: shifted(x, 1),
            "shifted by 2": lambda x: shifted(x, 2),
            "mirrored": lambda x: x.reshape(-1, 28, 28)[:, :, ::-1].reshape(-1, WIDTH)}
        print("\nmembership probes, 200 queries each, half of them members: named by membership by query 10, 20, 50, 200")
        for name, change in changes.items():
            short = "probe" + re.sub("[^a-z0-9]", "", name)
            for number in range(clients):
                inside = self.members[self.random.choice(len(self.members), 100, replace=False)]
                outside = self.x[self.random.choice(len(self.x), 100, replace=False)]
                rows = numpy.concatenate([inside[:20], self.x[self.random.choice(len(self.x), 180)]] if name == "one member in ten"
                                         else [inside, outside])
                self.ask(self.server.client(f"{short}{number}"), change(rows[self.random.permutation(len(rows))]).astype("float32"))
            print(f"  {name:<26} " + self.named("membership", short, clients, (10, 20, 50, 200)))

    def square(self, count):
        """The product's own black-box attack over HTTP."""
        numpy.savez(self.work / "attacked.npz", x=self.x[:400].reshape(-1, 1, 28, 28), y=self.y[:400])
        key = self.server.client("square")
        out = self.server.run("attack", f"{self.server.address}/v2/models/m", "--data", self.work / "attacked.npz",
                              "--attack", "square", "--sample", count, "--eps", "0.1", "--format", "json", "--quiet",
                              "--fail-on", "never", key=key)
        result = json.loads(out)
        first = self.server.first()
        print(f"\nsquare attack (linf 0.1) on {count} pictures: fooled {result['success_rate']:.2f}, "
              f"named by similarity: {('similarity', 'square') in first}, by theft: {first.get(('theft', 'square'))}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bartizan")
    parser.add_argument("--work", required=True)
    parser.add_argument("--detectors", default="theft_false_alarms: 0.01, golden_seconds: 0")
    parser.add_argument("--honest", type=int, default=60)
    parser.add_argument("--clients", type=int, default=10)
    parser.add_argument("--only", default="honest,thieves,outliers,probing,boundary,adversarial,square")
    arguments = parser.parse_args()
    study = Study(arguments)
    try:
        parts = {"honest": lambda: study.honest(arguments.honest, 1000), "square": lambda: study.square(5),
                 **{name: lambda name=name: getattr(study, name)(arguments.clients)
                    for name in ("thieves", "outliers", "probing", "boundary", "adversarial")}}
        for name in arguments.only.split(","):
            parts[name]()
    finally:
        study.server.end()


if __name__ == "__main__":
    main()
