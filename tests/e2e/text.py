"""Attacks on text: a service on the loopback, a model trained here, and what is refused."""
import http.server
import json
import threading
import unittest

from program import SOURCE, Case, bartizan

try:
    import jsonschema
except ImportError:
    jsonschema = None

GOOD, BAD = ["good", "fine", "great", "lovely"], ["bad", "poor", "awful", "dull"]


class Service(http.server.BaseHTTPRequestHandler):
    """Calls spam what has a money word in it, and translates by doubling each word."""

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append(self.headers.get("X-Key"))
        if self.server.busy:
            self.server.busy -= 1
            self.send_error(503)
            return
        words = request["q"]["text"].split()
        label = "spam" if {"money", "winner"} & set(words) else "ham"
        body = json.dumps({"out": [{"label": label, "score": 0.9, "text": " ".join(w + w for w in words)}]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class OnAService(Case):
    def setUp(self):
        super().setUp()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
        self.server.seen, self.server.busy = [], 0
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/classify"
        self.data = self.folder / "texts.tsv"
        self.data.write_text("spam\twin money now\nham\tsee you at noon\nspam\tyou are a winner today\nham\tyour money is here\n")

    def attack(self, *words):
        return bartizan("attack", self.url, "--request-template", '{"q": {"text": "$TEXT"}}', "--quiet",
                        "--format", "json", *words)

    def test_turns_spam_into_ham_unseen(self):
        self.server.busy = 2
        out = self.folder / "found.jsonl"
        run = self.attack("--data", self.data, "--text", "2", "--label", "1", "--attack", "text-imperceptible",
                          "--answer-path", "/out/0/label", "--confidence-path", "/out/0/score", "--header", "X-Key: k7",
                          "--out", out)
        self.assertEqual(run.returncode, 0, run.stderr)
        result = json.loads(run.stdout)
        if jsonschema is not None:
            jsonschema.validate(result, json.loads((SOURCE / "docs/schema/attack.schema.json").read_text()))
        self.assertEqual(result["samples"], 4)
        self.assertEqual(result["clean_accuracy"], 0.75)
        self.assertLessEqual(result["max_perturbation"], 5)
        self.assertEqual(set(self.server.seen), {"k7"})
        self.assertEqual(len(self.server.seen), result["requests"])
        rows = [json.loads(line) for line in out.read_text().splitlines()]
        self.assertTrue(rows[0]["success"] and rows[2]["success"])
        self.assertFalse({"money", "winner"} & set(rows[0]["adversarial"].split()))
        self.assertIn("<U+", rows[0]["visible"])
        self.assertFalse(rows[3]["right_before"])

    def test_is_stopped_by_the_normaliser(self):
        run = self.attack("--data", self.data, "--text", "2", "--label", "1", "--attack", "text-imperceptible",
                          "--answer-path", "/out/0/label", "--policy", "default", "--param", "generations=1")
        result = json.loads(run.stdout)
        self.assertTrue(result["defended"])
        self.assertEqual(result["success_rate"], 0)

    def test_spoils_a_translation(self):
        lines = self.folder / "lines.txt"
        lines.write_text("the cat sat on the mat\nall is well\n")
        run = self.attack("--data", lines, "--attack", "text-imperceptible", "--answer-path", "/out/0/text", "--goal", "bleu",
                          "--bleu-below", "0.6")
        result = json.loads(run.stdout)
        self.assertEqual(result["success_rate"], 1, result)

    def test_refuses_what_cannot_work(self):
        def refused(*words, **more):
            run = self.attack("--data", self.data, "--text", "2", "--attack", "text-swap", *words)
            self.assert_refused(run, **more)
            return run.stderr
        self.assertIn("no text or number at '/label'", refused("--answer-path", "/label"))
        self.assertIn("budget", refused("--answer-path", "/out/0/label", "--requests", "3", status=3))
        self.assertIn("--word", refused("--goal", "word"))
        self.assertIn("is not NAME: VALUE", refused("--header", "nothing"))
        closed = bartizan("attack", "http://127.0.0.1:1/", "--data", self.data, "--text", "2", "--attack", "text-swap", "--quiet")
        self.assert_refused(closed, "127.0.0.1:1", status=3)
        broken = self.folder / "broken.txt"
        broken.write_bytes(b"ok\n\xff\n")
        self.assert_refused(bartizan("attack", self.url, "--data", broken, "--attack", "text-swap", "--quiet"), "UTF-8")


class Normalise(Case):
    def test_takes_out_what_is_not_seen_and_leaves_the_rest(self):
        honest = ["plain text", "na\u00efve \u0434\u0430 \u0438 \u043d\u0435\u0442", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"]
        bad = ["pa\u200by me", "p\u0430ypal", "\u202eolleh\u202c"]
        source, clean = self.folder / "in.txt", self.folder / "out.txt"
        source.write_text("\n".join(honest + bad) + "\n", encoding="utf-8")
        run = bartizan("text", "clean", source, "--out", clean, "--format", "json")
        self.assertEqual(run.returncode, 0, run.stderr)
        result = json.loads(run.stdout)
        if jsonschema is not None:
            jsonschema.validate(result, json.loads((SOURCE / "docs/schema/text-clean.schema.json").read_text()))
        self.assertEqual(clean.read_text(encoding="utf-8").splitlines(), honest + ["pay me", "paypal", "hello"])
        self.assertEqual((result["texts"], result["changed"]), (6, 3))
        self.assertEqual(result["examples"][0]["before"], "pa<U+200B>y me")

    def test_refuses_a_policy_that_is_none(self):
        (self.folder / "p.json").write_text("{}")
        (self.folder / "t.txt").write_text("x\n")
        self.assert_refused(bartizan("text", "clean", self.folder / "t.txt", "--policy", self.folder / "p.json"), "no text policy")
        self.assert_refused(bartizan("text", "clean", self.folder / "none.txt"), "none.txt")


class OnAModel(Case):
    """One model for all: training takes seconds."""

    def setUp(self):
        super().setUp()
        self.data = self.folder / "reviews.csv"
        rows = ["review,kind"]
        for i in range(400):
            words = GOOD if i % 2 else BAD
            rows.append(f"the film number {i % 7} was {words[i % 4]} and {words[(i // 4) % 4]} indeed,{'up' if i % 2 else 'down'}")
        self.data.write_text("\n".join(rows) + "\n")
        self.model = self.folder / "text.onnx"
        run = bartizan("train", "text-cnn", "--data", self.data, "--text", "review", "--label", "kind", "--epochs", "6",
                       "--vocabulary", "300", "--length", "40", "--out", self.model, "--quiet")
        if "has no command" in run.stderr:
            self.skipTest(run.stderr.strip())
        self.assertEqual(run.returncode, 0, run.stderr)
        self.texts = ("--data", self.data, "--text", "review", "--label", "kind", "--quiet")

    def test_is_trained_evaluated_attacked_and_defended(self):
        run = bartizan("evaluate", self.model, *self.texts, "--format", "json")
        self.assertEqual(run.returncode, 0, run.stderr)
        result = json.loads(run.stdout)
        self.assertGreater(result["accuracy"], 0.98)
        self.assertEqual([one["name"] for one in result["classes"]], ["down", "up"])

        attack = ("attack", self.model, *self.texts, "--sample", "20", "--format", "json", "--attack")
        found = {}
        for name in ("text-imperceptible", "text-swap", "text-universal"):
            run = bartizan(*attack, name)
            self.assertEqual(run.returncode, 0, run.stderr)
            found[name] = json.loads(run.stdout)
            if jsonschema is not None:
                jsonschema.validate(found[name], json.loads((SOURCE / "docs/schema/attack.schema.json").read_text()))
        self.assertGreater(found["text-imperceptible"]["success_rate"], 0.3)
        self.assertGreaterEqual(found["text-swap"]["success_rate"], 0.1)
        self.assertEqual(found["text-universal"]["samples"], 10)
        self.assertIn("trigger", found["text-universal"])

        policy = self.folder / "policy.json"
        run = bartizan("harden", self.model, *self.texts, "--sample", "20", "--method", "text-normalise", "--out", policy,
                       "--format", "json")
        self.assertEqual(run.returncode, 0, run.stderr)
        result = json.loads(run.stdout)
        if jsonschema is not None:
            jsonschema.validate(result, json.loads((SOURCE / "docs/schema/harden-text.schema.json").read_text()))
            jsonschema.validate(json.loads(policy.read_text()), json.loads((SOURCE / "docs/schema/text-policy.schema.json").read_text()))
        unseen = result["attacks"][0]
        self.assertGreater(unseen["before"]["count"], unseen["after"]["count"])
        self.assertEqual(result["honest"]["changed"]["count"], 0)
        run = bartizan(*attack, "text-imperceptible", "--policy", policy)
        self.assertLess(json.loads(run.stdout)["success_rate"], found["text-imperceptible"]["success_rate"])

    def test_is_audited(self):
        out = self.folder / "audit"
        run = bartizan("audit", self.model, *self.texts, "--sample", "24", "--out", out, "--format", "json")
        self.assertIn(run.returncode, (0, 1), run.stderr)
        report = json.loads((out / "report.json").read_text())
        if jsonschema is not None:
            jsonschema.validate(report, json.loads((SOURCE / "docs/schema/audit.schema.json").read_text()))
        probes = {probe["name"]: probe["status"] for probe in report["probes"]}
        self.assertEqual(probes["text-evasion"], "passed")
        self.assertEqual(probes["quality"], "passed")
        self.assertNotIn("evasion-blackbox", probes)
        found = next(one for one in report["findings"] if one["rule"] == "BTZ-EVA-004")
        self.assertIn("no reader sees", found["title"])

    def test_refuses_what_does_not_fit(self):
        attack = ("attack", self.model, *self.texts, "--attack")
        self.assert_refused(bartizan(*attack, "pgd"), "changes numbers")
        self.assert_refused(bartizan("attack", self.model, "--data", self.data, "--attack", "text-swap", "--quiet"), "--text")
        self.assert_refused(bartizan(*attack, "text-swap", "--length", "9"), "40 tokens")
        self.assert_refused(bartizan(*attack, "text-swap", "--goal", "bleu"), "services")
        small = self.folder / "vocab.txt"
        small.write_text("\n".join(["[UNK]", "[CLS]", "[SEP]"] + [f"w{i}" for i in range(500)]) + "\n")
        self.assert_refused(bartizan(*attack, "text-swap", "--tokenizer", small), "503 tokens", "300")
        unknown = self.folder / "odd.json"
        unknown.write_text('{"model": {"type": "Odd", "vocab": {}}}')
        self.assert_refused(bartizan(*attack, "text-swap", "--tokenizer", unknown), "'Odd'")
        empty = self.folder / "empty.csv"
        empty.write_text("review,kind\n\"  \",up\n")
        self.assert_refused(bartizan("evaluate", self.model, "--data", empty, "--text", "review", "--label", "kind", "--quiet"),
                            "line 2", "empty")
        (self.folder / "text.onnx.tokenizer.json").unlink()
        self.assert_refused(bartizan(*attack, "text-swap"), "--tokenizer")


if __name__ == "__main__":
    unittest.main()
