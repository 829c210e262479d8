"""`bartizan serve --stream`: two gateways and two detectors around a real nats-server. One of each is killed in the middle
of traffic: no event is lost, none is counted twice, and a rollback reaches both gateways within a second."""
import http.client
import json
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import numpy

import program
import serve
import tiny_onnx

CONFIG = """
gates: {{scan: false, signature: false, audit_score: none}}
store: {store}
stream: {{address: "{address}", role: {role}}}
"""
CLIENTS = 6


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Nats:
    """A nats-server with JetStream, a user and a password, in a folder of its own."""

    def __init__(self, folder):
        self.port, self.monitor = free_port(), free_port()
        self.address = f"nats://bartizan:secret@127.0.0.1:{self.port}"
        self.words = ["nats-server", "-js", "-sd", folder, "-a", "127.0.0.1", "-p", str(self.port), "-m", str(self.monitor),
                      "--user", "bartizan", "--pass", "secret"]
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 30
        while True:
            try:
                return urllib.request.urlopen(f"http://127.0.0.1:{self.monitor}/healthz", timeout=5).read()
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)

    def end(self):
        self.process.kill()
        self.process.wait()

    def say(self, subject, payload):
        """Publishes as anybody may who has the password; NATS' protocol is text."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            connection.recv(10_000)
            connection.sendall(b'CONNECT {"verbose":false,"user":"bartizan","pass":"secret"}\r\n' +
                               f"PUB {subject} {len(payload)}\r\n".encode() + payload + b"\r\nPING\r\n")
            while b"PONG" not in connection.recv(10_000):
                pass

    def messages(self):
        """How many events the stream took, those that it has let go of for room too: each once, by its id."""
        text = urllib.request.urlopen(f"http://127.0.0.1:{self.monitor}/jsz?streams=true", timeout=10).read()
        for account in json.loads(text)["account_details"]:
            for stream in account["stream_detail"]:
                if stream["name"] == "bartizan-events":
                    return stream["state"]["last_seq"]
        return None


class Instance:
    def __init__(self, case, name, role):
        self.case, self.folder = case, case.folder / name
        self.config = case.folder / f"{name}.yaml"
        self.config.write_text(CONFIG.format(store=case.folder / "shared.db", address=case.nats.address, role=role))
        if name != "a":  # the secrets of the first one, but for the key of its own ledger; and its blobs
            (self.folder / "secrets").mkdir(parents=True)
            for secret in (case.folder / "a" / "secrets").iterdir():
                if secret.name != "ledger.key":
                    shutil.copy(secret, self.folder / "secrets")
            (self.folder / "blobs").symlink_to(case.folder / "a" / "blobs")
        self.log = open(case.folder / f"{name}.log", "a")
        case.addCleanup(self.log.close)
        self.start()

    def start(self):
        self.process = subprocess.Popen([program.BIN / "bartizan", "serve", "--listen", "127.0.0.1:0", "--state", self.folder,
                                         "--config", self.config], stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.case.addCleanup(lambda process=self.process: (process.kill(), process.wait(), process.stdout.close()))
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(pathlib.Path(self.log.name).read_text())
        self.address = re.fullmatch(r"listening on (http://127\.0\.0\.1:\d+)\n", line)[1]

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def counted(self):
        """What all detectors counted, as this one knows it."""
        text = serve.call(self.address, "GET", "/metrics", key=self.case.key)[2].decode()
        out = {}
        for what, count in re.findall(r'bartizan_stream_counted_total\{partition="\d+",what="(\w+)"\} (\d+)', text):
            out[what] = out.get(what, 0) + int(count)
        return out

    def watched(self):
        text = serve.call(self.address, "GET", "/metrics", key=self.case.key)[2].decode()
        return sum(int(count) for count in re.findall(r'bartizan_watched_queries_total\{outcome="seen"\} (\d+)', text))

    def owned(self):
        text = serve.call(self.address, "GET", "/metrics", key=self.case.key)[2].decode()
        return int(re.search(r"bartizan_stream_owned_partitions\S* (\d+)", text)[1])


class Client(threading.Thread):
    """Asks one gateway after the other, and knows what became of each question."""

    def __init__(self, case, number, key):
        super().__init__()
        self.case, self.number, self.key = case, number, key
        self.rows = number + 1
        self.answered = self.unknown = self.refused = self.away = 0
        self.body = json.dumps({"inputs": [{"name": "x", "shape": [self.rows, 3], "datatype": "FP32",
                                            "data": [float(i) for i in range(3 * self.rows)]}]})
        self.connections = {}

    def ask(self, gateway):
        address = gateway.address  # another one after a restart
        connection = self.connections.get(gateway)
        if connection is not None and f"http://{connection.host}:{connection.port}" != address:
            connection.close()
            connection = None
        if connection is None:
            connection = self.connections[gateway] = http.client.HTTPConnection(address.removeprefix("http://"), timeout=60)
        connection.request("POST", "/v2/models/m/infer", self.body, {"Authorization": "Bearer " + self.key})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    def run(self):
        turn = self.number
        while not self.case.stop.is_set():
            turn += 1
            gateway = self.case.gateways[turn % 2]
            try:
                status, _ = self.ask(gateway)
                if status == 200:
                    self.answered += 1
                else:
                    self.refused += 1
            except ConnectionRefusedError:
                self.away += 1
                self.forget(gateway)
            except (OSError, http.client.HTTPException):
                # Killed while it worked on it: it had answered in its own eyes, or had not.
                self.unknown += 1
                self.forget(gateway)

    def forget(self, gateway):
        self.connections.pop(gateway).close()
        time.sleep(0.05)

    def close(self):
        for connection in self.connections.values():
            connection.close()


class Stream(program.Case):
    def setUp(self):
        super().setUp()
        self.nats = Nats(str(self.folder / "nats"))
        self.addCleanup(self.nats.end)
        first = Instance(self, "a", "gateway")
        self.key = re.fullmatch(r"admin key: (btz_\S+)\n", first.process.stdout.readline())[1]
        self.rest = lambda method, path, body=None, gateway=first, status=200: self.checked(gateway, method, path, body, status)
        for version in (1, 2):
            model = tiny_onnx.linear(self.folder / f"m{version}.onnx", numpy.eye(3, dtype="f4"),
                                     numpy.array([version, 0, 0], "f4"), (3,))
            self.rest("POST", "/v1/models/m/versions?file=m.onnx", model.read_bytes(), status=201)
            self.rest("PUT", "/v1/models/m/aliases/production", {"version": version, "reason": "test"})
        self.keys = []
        for i in range(CLIENTS):
            self.rest("POST", "/v1/principals", {"name": f"c{i}"}, status=201)
            self.rest("PUT", f"/v1/principals/c{i}/grants/consumer@model:m", {})
            self.keys.append(self.rest("POST", "/v1/keys", {"principal": f"c{i}"}, status=201)["key"])
        self.gateways = [first, Instance(self, "b", "gateway")]
        self.detectors = [Instance(self, name, "detector") for name in ("d", "e")]
        self.stop = threading.Event()

    def checked(self, gateway, method, path, body, status):
        got, _, answer = serve.call(gateway.address, method, path, body, self.key)
        self.assertEqual(got, status, answer)
        return answer

    def wait_for(self, what, patience=60, told=None):
        until = time.monotonic() + patience
        while not what():
            self.assertLess(time.monotonic(), until, told() if told else "it did not come")
            time.sleep(0.02)

    def version(self, gateway, client):
        status, body = client.ask(gateway)
        return body["model_version"] if status == 200 else f"{status} {body}"

    def test_the_whole_story(self):
        probe = Client(self, 0, self.keys[0])
        probes = 0
        for gateway in self.gateways:  # once its model is loaded
            def ready():
                nonlocal probes
                probes += 1
                return self.version(gateway, probe) == "2"
            self.wait_for(ready, 120)
        # Both detectors read, half of the partitions each.
        self.wait_for(lambda: [one.owned() for one in self.detectors] == [4, 4], 30,
                      lambda: [one.owned() for one in self.detectors])
        clients = [Client(self, i, key) for i, key in enumerate(self.keys)]
        for client in clients:
            client.start()
        time.sleep(1.5)
        probes += self.check_rollback(probe)
        gateway, detector = self.gateways[1], self.detectors[0]
        gateway.kill()
        time.sleep(1)
        detector.kill()
        time.sleep(1)
        gateway.start()
        time.sleep(3)
        self.stop.set()
        for client in clients:
            client.join()
            client.close()
        self.check_counts(clients, probes)
        self.check_policy(probe)
        self.check_holds_and_nonsense(probe)
        self.check_without_nats()
        probe.close()

    def check_rollback(self, probe):
        self.rest("POST", "/v1/models/m/rollback", {"reason": "test"})
        began, asked = time.monotonic(), 0
        for gateway in self.gateways:
            while True:
                asked += 1
                if self.version(gateway, probe) == "1":
                    break
                self.assertLess(time.monotonic() - began, 1, "the rollback has not reached both gateways")
        return asked

    def check_counts(self, clients, probes):
        left = self.detectors[1]
        self.wait_for(lambda: left.owned() == 8, 30, left.owned)
        counted = lambda: left.counted().get("events", 0)
        self.wait_for(lambda: counted() == self.nats.messages(), 60, lambda: f"{left.counted()} of {self.nats.messages()}")
        answered = probes + sum(one.answered + one.refused for one in clients)
        unknown = sum(one.unknown for one in clients)
        rows = sum(one.answered * one.rows for one in clients)
        print(f"\n{answered} answered, {unknown} without an answer; counted {left.counted()}, stream {self.nats.messages()}")
        self.assertGreater(sum(one.answered for one in clients), 100)
        self.assertGreater(unknown + sum(one.away for one in clients), 0, "nobody noticed that a gateway was killed")
        self.assertLess(unknown, answered / 10, "too much is unknown to tell anything")
        self.assertGreaterEqual(counted(), answered, "events are lost")
        self.assertLessEqual(counted(), answered + unknown, "events are doubled")
        self.assertGreaterEqual(left.counted()["rows"], rows)
        self.assertEqual(left.counted().get("unreadable", 0), 0)
        self.assertGreater(left.watched(), 0, "a detector has looked at nothing")
        self.assertEqual([one.watched() for one in self.gateways], [0, 0], "gateways watch nothing themselves")
        time.sleep(1)
        self.assertEqual(counted(), self.nats.messages(), "counts grew without events")

    def check_policy(self, probe):
        """What an operator loads at one gateway holds at the other."""
        first, second = self.gateways
        first.config.write_text(first.config.read_text() + "quotas: [{principal: c0, requests_per_second: 0.01, burst: 1}]\n")
        first.process.send_signal(signal.SIGHUP)
        self.wait_for(lambda: self.version(second, probe).startswith("429"), 5)

    def check_holds_and_nonsense(self, probe):
        """Whom a detector holds back is held back everywhere; what cannot be read changes nothing."""
        held = Client(self, 1, self.keys[1])
        self.assertEqual(self.version(self.gateways[1], held), "1")
        for subject in ("$KV.bartizan-state.epoch", "$KV.bartizan-state.policy", "$KV.bartizan-state.hold.x",
                        "$KV.bartizan-state.reader.x", "bartizan.events.3"):
            for nonsense in (b"", b"[", b"\xff" * 1000, b'{"principal": 7, "until": "x"}', b"quotas: 7"):
                self.nats.say(subject, nonsense)
        self.assertEqual(self.version(self.gateways[1], held), "1")
        until = int(time.time()) + 600
        self.nats.say("$KV.bartizan-state.hold.c1", json.dumps({"principal": "c1", "until": until}).encode())
        for gateway in self.gateways:
            self.wait_for(lambda: self.version(gateway, held).startswith("429"), 5)
        held.close()
        left = self.detectors[1]
        self.wait_for(lambda: left.counted().get("unreadable", 0) == 5, 30, left.counted)

    def check_without_nats(self):
        """Without NATS requests are answered as before; what happened meanwhile is told when it is back."""
        client = Client(self, 3, self.keys[3])
        before = self.nats.messages()
        self.nats.end()
        began = time.monotonic()
        for _ in range(20):
            self.assertEqual(self.version(self.gateways[0], client), "1")
        self.assertLess(time.monotonic() - began, 10)
        client.close()
        self.nats.start()
        self.wait_for(lambda: (self.nats.messages() or 0) >= before + 20, 60, self.nats.messages)
        counted = lambda: sum(self.detectors[1].counted().get(what, 0) for what in ("events", "unreadable"))
        self.wait_for(lambda: counted() == self.nats.messages(), 60, lambda: f"{counted()} of {self.nats.messages()}")


class Start(program.Case):
    def test_what_cannot_be_is_told(self):
        words = ["serve", "--listen", "127.0.0.1:0", "--state", self.folder / "state"]
        self.assert_refused(program.bartizan(*words, "--stream", f"nats://u:hidden@127.0.0.1:{free_port()}"), "cannot reach NATS",
                            status=3)
        run = program.bartizan(*words, "--stream", "nats://u:hidden@192.0.2.1:4222")
        self.assert_refused(run, "not secured")
        self.assertNotIn("hidden", run.stderr)
        self.assert_refused(program.bartizan(*words, "--role", "king"), "--role")


if __name__ == "__main__":
    unittest.main()
