"""`bartizan serve` while what it stands on fails: the disk, the clock, the database, a worker. Callers get problems with a
stable code, nothing acknowledged is lost, and it goes on by itself once the fault is gone.
BARTIZAN_DATABASE_GONE says for how many seconds the database is away (5)."""
import collections
import contextlib
import http.client
import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import numpy

import program
import tiny_onnx
from serve import Service, call

CONFIG = """
gates: {scan: false, signature: false, audit_score: none}
log_requests: false
quotas: [{requests_per_second: 100000, burst: 100000}]
"""
DATABASE_GONE = float(os.environ.get("BARTIZAN_DATABASE_GONE", "5"))


class Asker(threading.Thread):
    """Asks the model again and again; what it was answered, and how often."""

    def __init__(self, test, key):
        super().__init__(daemon=True)
        self.test, self.key, self.ending, self.seen = test, key, threading.Event(), collections.Counter()
        self.start()

    def run(self):
        while not self.ending.is_set():
            status, headers, body = self.test.infer(self.key)
            self.seen[status, body.get("code")] += 1
            if status == 503 and "Retry-After" not in headers:
                self.seen["no Retry-After"] += 1

    def end(self):
        self.ending.set()
        self.join()
        return self.seen


class Faults(program.Case):
    def setUp(self):
        super().setUp()
        model = tiny_onnx.linear(self.folder / "m.onnx", numpy.eye(3, dtype="f4"), numpy.zeros(3, "f4"), (3,))
        self.model = model.read_bytes()
        (self.folder / "serve.yaml").write_text(CONFIG)
        self.people = []

    def start(self, *words, **more):
        self.service = Service(self.folder / "state", "--config", self.folder / "serve.yaml", *words, **more)
        self.addCleanup(lambda: self.service.process.poll() is None and self.service.end(signal.SIGKILL))
        self.admin = self.service.read_key()

    def serve_model(self):
        """A model in production, and the key of a caller who has asked it once."""
        self.expect(201, "POST", "/v1/models/m/versions?file=m.onnx", self.model, {"Content-Type": "application/octet-stream"})
        self.expect(200, "PUT", "/v1/models/m/aliases/production", {"version": 1, "reason": "test"})
        key = self.new_caller("caller")
        self.assertEqual(self.infer(key)[0], 200)
        return key

    def new_caller(self, name):
        self.expect(201, "POST", "/v1/principals", {"name": name, "kind": "service"})
        self.expect(200, "PUT", f"/v1/principals/{name}/grants/consumer@model:m")
        return self.expect(201, "POST", "/v1/keys", {"principal": name})["key"]

    def ask(self, method, path, body=None, headers=None):
        status, headers, body = call(self.service.address, method, path, body, self.admin, headers)
        if status >= 400:
            self.assertEqual(headers["Content-Type"], "application/problem+json")
            self.assertEqual((body["status"], len(body["request_id"])), (status, 16))
        return status, body

    def expect(self, wanted, *words):
        status, body = self.ask(*words)
        self.assertEqual(status, wanted, body)
        return body

    def infer(self, key):
        return call(self.service.address, "POST", "/v2/models/m/infer", {"inputs": [
            {"name": "x", "shape": [1, 3], "datatype": "FP32", "data": [1, 2, 3]}]}, key)

    def add_person(self):
        """Whether it was acknowledged; else the problem's status and code."""
        name = f"p{len(self.people)}-{time.monotonic_ns()}"
        status, body = self.ask("POST", "/v1/principals", {"name": name, "kind": "service"})
        if status == 201:
            self.people.append(name)
            return None
        return status, body["code"]

    def add_people_until(self, wanted, patience=30):
        """Until it is acknowledged (None), or refused with this status and code; nothing else may come but 503."""
        until = time.monotonic() + patience
        while (got := self.add_person()) != wanted:
            self.assertLess(time.monotonic(), until, f"{got}, not {wanted}")
            if got is not None:
                self.assertIn(got[0], (503, 507), got)
                time.sleep(0.05)

    def wait_log(self, event, patience=20):
        until = time.monotonic() + patience
        while not any(json.loads(line)["event"] == event for line in list(self.service.log)):
            self.assertLess(time.monotonic(), until, event)
            time.sleep(0.02)

    def check_people(self):
        there = {one["name"] for one in self.expect(200, "GET", "/v1/principals")["principals"]}
        self.assertEqual([name for name in self.people if name not in there], [])

    def check_ledger(self, folder=None):
        """It verifies, and has every acknowledged change; its entries."""
        folder = folder or self.folder / "state" / "ledger"
        run = program.bartizan("ledger", "verify", folder)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        shown = json.loads(program.bartizan("ledger", "show", folder, "--limit", "100000", "--format", "json").stdout)["shown"]
        added = collections.Counter(one["asset"] for one in shown if one["kind"] == "access.principal.add")
        self.assertEqual([name for name in self.people if added["principal:" + name] < 1], [])
        return shown

    def answered(self, shown):
        return sum(one["details"]["answered"] for one in shown if one["kind"] == "traffic.sum" and one["actor"] == "caller")

    # The disk ---------------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def small_disk(self, megabytes):
        """A file system of its own, for the processes whose words begin with what this gives."""
        disk = self.folder / "state"
        disk.mkdir()
        holder = subprocess.Popen(["unshare", "-Urm", "sh", "-c", f"mount -t tmpfs -o size={megabytes}m none {disk} && echo fine "
                                   "&& exec sleep 600"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            if holder.stdout.readline() != "fine\n":
                self.skipTest("no file system of its own: unshare says " + holder.stderr.read().strip())
            yield ["nsenter", "-t", str(holder.pid), "-U", "-m", "--preserve-credentials"]
        finally:
            holder.kill()
            holder.wait()
            holder.stdout.close()
            holder.stderr.close()

    def test_a_full_disk(self):
        with self.small_disk(24) as inside:
            self.start(prefix=inside)
            key = self.serve_model()
            for _ in range(50):
                self.assertEqual(self.infer(key)[0], 200)
            newcomers = [self.new_caller(f"n{number}") for number in range(40)]
            self.add_people_until(None)

            def fill():
                subprocess.run([*inside, "sh", "-c", f"cat /dev/zero 2>/dev/null >> {self.folder}/state/filler; sync"], check=True)

            fill()
            self.add_people_until((507, "exhausted"))
            status, body = self.ask("POST", "/v1/models/m/versions?file=m.onnx", self.model)
            self.assertEqual((status, body["code"]), (507, "exhausted"), body)
            self.assertIn("space", body["detail"])
            # Known callers go on; a decision that cannot be recorded is not made.
            for _ in range(50):
                self.assertEqual(self.infer(key)[0], 200)
            # The last started page of the ledger has room for some first uses; then there is none.
            fill()
            for fresh in newcomers:
                status, headers, body = self.infer(fresh)
                if status != 200:
                    break
            self.assertEqual((status, body.get("code")), (503, "ledger-unavailable"), body)
            self.assertIn("Retry-After", headers)
            self.expect(200, "GET", "/v1/models/m")
            self.wait_log("ledger.lost")
            self.assertEqual(self.expect(200, "GET", "/readyz")["ledger"], "lost")
            self.assertIn(b"bartizan_ledger_up 0", self.expect(200, "GET", "/metrics"))
            subprocess.run([*inside, "rm", self.folder / "state" / "filler"], check=True)
            self.wait_log("ledger.back")
            self.add_people_until(None)
            self.expect(201, "POST", "/v1/models/m/versions?file=m.onnx", self.model)
            self.assertEqual(self.infer(newcomers[-1])[0], 200)
            self.assertEqual(self.expect(200, "GET", "/readyz")["ledger"], "written")
            self.check_people()
            self.assertEqual(self.service.end(), 0)
            (self.folder / "kept").mkdir()
            subprocess.run([*inside, "cp", "-r", self.folder / "state/ledger", self.folder / "state/blobs",
                            self.folder / "kept"], check=True)
            shown = self.check_ledger(self.folder / "kept" / "ledger")
            self.assertEqual(self.answered(shown), 101, "sums that could not be written are written later")
            self.assertIn("ledger.back", [one["kind"] for one in shown])
            left = [path.name for path in (self.folder / "kept/blobs").rglob("*") if path.is_file() and "." in path.name]
            self.assertEqual(left, [], "half a blob stays nowhere")

    def test_a_limit_of_file_sizes(self):
        """What a quota looks like to a program: writes fail in the middle of a file."""
        if shutil.which("prlimit") is None:
            self.skipTest("there is no prlimit (util-linux)")
        self.start(prefix=["prlimit", f"--fsize={2000 * 1024}:unlimited"])
        key = self.serve_model()
        self.add_people_until((507, "exhausted"), patience=60)
        self.assertGreater(len(self.people), 3)
        self.assertEqual(self.infer(key)[0], 200)
        self.check_people()
        resource.prlimit(self.service.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        self.add_people_until(None)
        self.check_people()
        self.assertEqual(self.service.end(), 0)
        self.check_ledger()

    # The clock --------------------------------------------------------------------------------------------------------

    def test_the_clock_jumps(self):
        library = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
        if library is None:
            self.skipTest("libfaketime is not installed (Debian package faketime)")
        offset = self.folder / "offset"

        def jump(seconds):
            offset.with_suffix(".new").write_text(f"{seconds:+d}")
            os.replace(offset.with_suffix(".new"), offset)
            time.sleep(0.3)

        jump(0)
        # A long-lived process must see each jump; what counts time spans must not.
        self.start(env=dict(os.environ, LD_PRELOAD=str(library), FAKETIME_TIMESTAMP_FILE=str(offset), FAKETIME_NO_CACHE="1",
                            FAKETIME_DONT_FAKE_MONOTONIC="1", DONT_FAKE_MONOTONIC="1"))
        key = self.serve_model()
        self.expect(201, "POST", "/v1/principals", {"name": "person", "kind": "person", "password": "correct horse battery"})
        session = self.expect(201, "POST", "/v1/login", {"name": "person", "password": "correct horse battery"})["key"]
        short = self.expect(201, "POST", "/v1/keys", {"principal": "caller", "days": 1})["key"]

        def known(who):
            return call(self.service.address, "GET", "/v1/whoami", key=who)[0]

        self.assertEqual([known(session), known(short)], [200, 200])
        asker = Asker(self, key)
        for days in (3, -400, 4000, 0):
            jump(days * 86400)
            self.add_people_until(None)
            late = days > 0
            self.assertEqual([known(session), known(short)], [401, 401] if late else [200, 200], days)
            time.sleep(0.3)
        self.assertEqual(set(asker.end()), {(200, None)}, "an inference knows no date")
        self.check_people()
        self.assertEqual(self.service.end(), 0)
        shown = self.check_ledger()
        years = {one["time"][:4] for one in shown}
        self.assertGreater(len(years), 2, "entries carry the time of the clock; their order is that of the tree")

    # The database -----------------------------------------------------------------------------------------------------

    def postgresql(self):
        """Starts one; its address, and what starts and stops it."""
        programs = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        if not programs:
            self.skipTest("PostgreSQL is not installed (Debian package postgresql)")
        home = self.folder / "pg"
        home.mkdir()
        drop = []
        if os.geteuid() == 0:  # it does not run as root
            drop = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
            shutil.chown(home, "nobody", "nogroup")
            self.folder.chmod(0o755)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]

        def run(name, *words):
            done = subprocess.run([*drop, programs[-1].parent / name, *words], cwd=home, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)

        def control(*words):
            run("pg_ctl", "-D", "data", "-w", "-l", "log", "-o",
                f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={home}", *words)

        run("initdb", "-D", "data", "-U", "bartizan", "-A", "trust", "--no-sync")
        control("start")
        self.addCleanup(lambda: subprocess.run([*drop, programs[-1].parent / "pg_ctl", "-D", "data", "-m", "immediate", "stop"],
                                               cwd=home, capture_output=True))
        run("createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "bartizan", "state")
        return f"postgresql://bartizan:hunter2secret@127.0.0.1:{port}/state", control, home

    def test_the_database_is_gone(self):
        address, control, _ = self.postgresql()
        self.start("--store", address)
        key = self.serve_model()
        self.add_people_until(None)
        asker = Asker(self, key)
        control("stop", "-m", "immediate")
        began = time.monotonic()
        self.add_people_until((503, "unavailable"))
        self.wait_log("database.lost")
        while time.monotonic() - began < DATABASE_GONE:
            asked = time.monotonic()
            status, body = self.ask("GET", "/v1/models")
            self.assertEqual((status, body["code"]), (503, "unavailable"), body)
            self.assertLess(time.monotonic() - asked, 5)
            self.assertEqual(self.expect(200, "GET", "/readyz"), {"live": True, "ready": True, "database": "lost",
                                                                  "ledger": "written"})
            self.assertEqual(call(self.service.address, "GET", "/v1/models", key="btz_0123456789ab_" + "0" * 64)[0], 401)
            status, body = self.ask("POST", "/v1/login", {"name": "person", "password": "correct horse battery"})
            self.assertEqual((status, body["code"]), (503, "unavailable"), "no password is called wrong that nobody looked at")
            time.sleep(0.5)
        control("start")
        self.add_people_until(None, patience=10)
        self.wait_log("database.back")
        self.check_people()
        self.assertEqual(set(asker.end()), {(200, None)}, "who is known is served all the while")
        print(f"database gone for {time.monotonic() - began:.1f} s: {sum(asker.seen.values())} inferences, all answered",
              file=sys.stderr)
        self.assertEqual(self.service.end(), 0)
        shown = self.check_ledger()
        self.assertEqual(self.answered(shown), asker.seen[200, None] + 1)
        self.assertNotIn("hunter2secret", "".join(self.service.log))

    def test_the_database_does_not_answer(self):
        address, control, home = self.postgresql()
        self.start("--store", address)
        key = self.serve_model()
        processes = [int((home / "data/postmaster.pid").read_text().split("\n")[0])]
        processes += [int(one) for one in pathlib.Path(f"/proc/{processes[0]}/task/{processes[0]}/children").read_text().split()]
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        try:
            began = time.monotonic()
            self.assertEqual(self.add_person(), (503, "unavailable"))
            self.assertLess(time.monotonic() - began, 25)
            self.assertEqual(self.infer(key)[0], 200)
            self.wait_log("database.lost")
        finally:
            for process in processes:
                os.kill(process, signal.SIGCONT)
        self.add_people_until(None, patience=20)
        self.check_people()
        self.assertEqual(self.service.end(), 0)
        self.check_ledger()

    def test_without_its_database_it_does_not_start(self):
        run = program.bartizan("serve", "--listen", "127.0.0.1:0", "--state", self.folder / "state", "--store",
                               "postgresql://bartizan:hunter2secret@127.0.0.1:9/state")
        self.assert_refused(run, "database", "127.0.0.1", status=3)
        self.assertNotIn("hunter2secret", run.stderr)

    # A worker ---------------------------------------------------------------------------------------------------------

    def workers(self):
        mine = str(self.folder).encode()
        for folder in pathlib.Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                words = (folder / "cmdline").read_bytes().split(b"\0")
                if b"worker" in words and any(mine in word for word in words):
                    yield int(folder.name)

    def test_a_worker_is_killed_again_and_again(self):
        self.start(env=dict(os.environ, BARTIZAN_KEY="hunter2secret", LD_PRELOAD=""))
        key = self.serve_model()
        askers = [Asker(self, key) for _ in range(4)]
        killed = 0
        until = time.monotonic() + 30
        while killed < 3 and time.monotonic() < until:
            for process in self.workers():
                environment = pathlib.Path(f"/proc/{process}/environ").read_bytes()
                self.assertNotIn(b"hunter2secret", environment, "a process that parses models is told no secret")
                os.kill(process, signal.SIGKILL)
                killed += 1
            time.sleep(0.5)
        while self.infer(key)[0] != 200:
            self.assertLess(time.monotonic(), until + 60)
            time.sleep(0.05)
        time.sleep(0.5)
        seen = sum((asker.end() for asker in askers), collections.Counter())
        self.assertEqual(killed, 3)
        self.assertLessEqual(set(seen), {(200, None), (503, "worker-unavailable")})
        self.assertGreater(seen[503, "worker-unavailable"], 0)
        self.add_people_until(None)
        self.assertEqual(self.service.end(), 0)
        shown = self.check_ledger()
        self.assertGreaterEqual(self.answered(shown), seen[200, None])
        print(f"{killed} kills: {seen[200, None]} answered, {seen[503, 'worker-unavailable']} told to ask again", file=sys.stderr)


if __name__ == "__main__":
    unittest.main()
