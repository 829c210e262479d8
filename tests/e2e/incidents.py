"""`bartizan incident` and `playbook` against a running service, with a real mail server and a webhook on loopback."""
import http.server
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
import unittest
import warnings

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import numpy

import program
import tiny_onnx
from serve import Service

ROOT = pathlib.Path(__file__).resolve().parents[2]

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import asyncore
    import smtpd  # a whole mail server of the standard library, up to Python 3.11


class Mailbox(smtpd.SMTPServer):
    """Takes mail as a server does; the first `busy` messages are put off with 451."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), None, decode_data=False)
        self.port = self.socket.getsockname()[1]
        self.mails = []
        self.busy = 0
        self.thread = threading.Thread(target=asyncore.loop, kwargs={"timeout": 0.1}, daemon=True)
        self.thread.start()

    def process_message(self, peer, sender, recipients, data, **_):
        if self.busy > 0:
            self.busy -= 1
            return "451 try again later"
        self.mails.append((sender, recipients, data))
        return None


class Hook(http.server.ThreadingHTTPServer):
    """Keeps what it was sent; answers 503 to the first `busy` requests."""

    def __init__(self):
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                hook.busy -= 1
                status = 503 if hook.busy >= 0 else 200
                if status == 200:
                    hook.got.append((self.path, body))
                self.send_response(status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.got = []
        self.busy = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}"


CONFIG = """
gates: {{scan: false, signature: false, audit_score: none}}
response: {{principal: responder, unattended: [{{detector: golden-set, playbook: tampered-artefact}}]}}
messages:
  organisation: Example Ltd
  contact: soc@example.com
  smtp: {{server: "smtp://127.0.0.1:{mail}", from: bartizan@example.com, tls: false}}
  recipients:
    - {{audience: engineers, email: soc@example.com}}
    - {{audience: engineers, slack: "{hook}/slack"}}
    - {{audience: customers, webhook: "{hook}/customers"}}
    - {{audience: board, email: board@example.com}}
  templates: {{board: board.md}}
  ticket: "{hook}/tickets"
"""


class Incidents(program.Case):
    def setUp(self):
        super().setUp()
        self.mailbox, self.hook = Mailbox(), Hook()
        self.addCleanup(self.hook.shutdown)
        self.addCleanup(self.mailbox.close)
        config = self.folder / "serve.yaml"
        (self.folder / "board.md").write_text("# Board: {{title}}\n\n{{nonsense}}\n")
        config.write_text(CONFIG.format(mail=self.mailbox.port, hook=self.hook.address))
        self.service = Service(self.folder / "state", "--config", config)
        self.addCleanup(lambda: self.service.process.poll() is None and self.service.end(signal.SIGKILL))
        self.keys = {"admin": self.service.read_key()}
        for name in ("anna", "ben", "responder"):
            self.command("user", "add", name, "--kind", "person")
            self.command("role", "grant", name, "security", "*")
            self.keys[name] = self.ask("key", "create", "--for", name)["key"]

    def command(self, *words, who="admin", status=0):
        environment = dict(os.environ, BARTIZAN_SERVER=self.service.address, BARTIZAN_KEY=self.keys[who])
        run = subprocess.run([program.BIN / "bartizan", *map(str, words)], env=environment, capture_output=True,
                             text=True, timeout=120)
        self.assertEqual(run.returncode, status, f"{words}: {run.stdout}{run.stderr}")
        return run

    def ask(self, *words, who="admin"):
        return json.loads(self.command(*words, "--format", "json", who=who).stdout)

    def serve_two(self):
        for scale in (1, 2):
            path = self.folder / f"m{scale}.onnx"
            tiny_onnx.linear(path, scale * numpy.eye(3, dtype="f4"), numpy.zeros(3, dtype="f4"), (3,))
            self.command("registry", "push", path, "--name", "m")
            self.command("registry", "promote", "m", scale)

    def production(self):
        return self.ask("registry", "show", "m")["aliases"]["production"]

    def test_from_a_report_to_the_review(self):
        self.serve_two()
        opened = self.ask("incident", "open", "it answers otherwise", "--threat", "tampering", "--severity", "high",
                          "--version", "model:m@2", who="anna")
        self.assertEqual((opened["incident"], opened["state"]), (1, "open"))

        # Dry: what would be done, and nothing is.
        dry = self.ask("playbook", "run", "tampered-artefact", "--incident", "1", who="anna")
        self.assertEqual((dry["mode"], dry["state"]), ("dry", "done"))
        self.assertIn("POST /v1/models/m/rollback", json.dumps(dry))
        self.assertEqual(self.production(), 2)

        # For real: held, rolled back, quarantined, told. The mail server is busy at first, the ticket system too.
        self.mailbox.busy, self.hook.busy = 1, 1
        run = self.ask("playbook", "run", "tampered-artefact", "--incident", "1", "--execute", who="anna")
        self.assertEqual(run["state"], "done", run)
        self.assertEqual(self.production(), 1)
        deadline = time.time() + 30  # messages are sent behind the run
        while time.time() < deadline and not (self.mailbox.mails and any(p == "/slack" for p, _ in self.hook.got)):
            time.sleep(0.05)
        sender, recipients, data = self.mailbox.mails[0]
        self.assertEqual((sender, recipients), ("bartizan@example.com", ["soc@example.com"]))
        text = data.decode()
        self.assertIn("Subject: [high] Incident 1: it answers otherwise", text)
        self.assertIn("multipart/alternative", text)
        self.assertIn("text/html", text)
        paths = [path for path, _ in self.hook.got]
        self.assertIn("/slack", paths)
        self.assertIn("/tickets", paths)

        # Customers are told after a second person approved.
        draft = self.ask("incident", "message", "1", "--audience", "customers", "--send", who="anna")
        self.assertEqual(draft["state"], "draft")
        self.assertNotIn("/customers", paths)
        self.command("incident", "message", "1", "--approve", draft["message"], who="anna", status=2)
        sent = self.ask("incident", "message", "1", "--approve", draft["message"], "--deliver", draft["message"], who="ben")
        self.assertEqual(sent["state"], "sent")
        self.assertIn("/customers", [path for path, _ in self.hook.got])
        # A template with a field that is not there sends nothing.
        refused = self.command("incident", "message", "1", "--audience", "board", "--send", who="anna", status=2)
        self.assertIn("template 'board', line 3: there is no field 'nonsense'", refused.stderr)
        self.assertEqual(len(self.mailbox.mails), 1)

        # A clock, the review, the ledger.
        self.command("incident", "clocks", "1", "--start", "gdpr-33", "--anchor", "breach", who="anna")
        clocks = self.ask("incident", "clocks", "1", who="anna")["clocks"]
        self.assertEqual(clocks[0]["state"], "running")
        self.assertAlmostEqual(clocks[0]["due"], time.time() + 72 * 3600, delta=300)
        self.command("incident", "act", "1", "--owner", "anna", "--cause", "a disk was swapped", "--task", "turn the keys", who="anna")
        self.command("incident", "move", "1", "recovered", who="anna")
        self.command("incident", "move", "1", "closed", who="anna")
        review = self.command("incident", "report", "1", who="anna").stdout
        for told in ("# Incident 1: it answers otherwise", "a disk was swapped", "turn the keys", "to contain: "):
            self.assertIn(told, review)
        html = self.folder / "review.html"
        self.command("incident", "report", "1", "--as", "html", "--out", html, who="anna")
        self.assertIn("<h1>Incident 1", html.read_text())
        self.assertEqual(self.ask("incident", "list", who="anna")["incidents"], [])
        self.assertEqual(self.service.end(), 0)
        run = subprocess.run([program.BIN / "bartizan", "ledger", "verify", self.folder / "state" / "ledger"],
                             capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        shown = subprocess.run([program.BIN / "bartizan", "ledger", "show", self.folder / "state" / "ledger", "--kind",
                                "incident.step", "--limit", "1000", "--format", "json"], capture_output=True, text=True)
        steps = [json.dumps(e) for e in json.loads(shown.stdout)["shown"]]
        self.assertTrue(any("rollback" in s or "\"done\"" in s for s in steps))

    def test_a_run_outlives_the_process(self):
        self.serve_two()
        self.command("incident", "open", "a trojan", "--threat", "backdoor", "--version", "model:m@2", who="anna")
        run = self.ask("playbook", "run", "backdoor-found", "--incident", "1", "--execute", who="anna")
        self.assertEqual(run["state"], "waiting")
        self.service.end(signal.SIGKILL)
        self.service = Service(self.folder / "state", "--config", self.folder / "serve.yaml")
        self.addCleanup(lambda service=self.service: service.process.poll() is None and service.end(signal.SIGKILL))
        self.command("playbook", "agree", run["run"], who="anna", status=2)  # began it herself
        after = self.ask("playbook", "agree", run["run"], "--note", "seen", who="ben")
        self.assertEqual(after["state"], "waiting")  # for the person who finds out who pushed it
        self.assertEqual(self.ask("playbook", "agree", run["run"], who="anna")["state"], "done")
        self.assertEqual(self.ask("registry", "show", "m", "--version-number", "2")["stage"], "quarantined")

    def test_playbooks_are_checked_without_a_server(self):
        run = subprocess.run([program.BIN / "bartizan", "playbook", "check", ROOT / "src/playbook/data/model-theft.json"],
                             capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("valid", run.stdout)
        bad = self.folder / "bad.json"
        document = json.loads((ROOT / "src/playbook/data/model-theft.json").read_text())
        document["spec_version"] = "cacao-1.0"
        bad.write_text(json.dumps(document))
        run = subprocess.run([program.BIN / "bartizan", "playbook", "check", bad], capture_output=True, text=True)
        self.assertEqual(run.returncode, 2)
        self.assertIn("bad.json: spec_version: expected cacao-2.0", run.stderr)


if __name__ == "__main__":
    unittest.main()
