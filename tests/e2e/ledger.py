"""ledger: a log made here, by the specifications alone (RFC 6962, C2SP signed notes), checked by the program."""
import base64
import hashlib
import json
import subprocess
import unittest

try:
    import jsonschema
except ImportError:
    jsonschema = None

from program import SOURCE, Case, bartizan

NAME = "example.com/log"


def root(leaves):
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\1" + root(leaves[:k]) + root(leaves[k:])).digest()


def leaf(line):
    return hashlib.sha256(b"\0" + line.encode()).digest()


def line_of(index):
    return ('{"actor":"anna","asset":"model:m","details":{"n":%d},"index":%d,"kind":"%s",'
            '"time":"2026-01-01T00:00:00.000000Z"}' % (index * 7, index, "test.even" if index % 2 == 0 else "test.odd"))


class Ledger(Case):
    SIZES = (3, 300, 307)

    def setUp(self):
        super().setUp()
        self.log = self.folder / "log"
        (self.log / "entries").mkdir(parents=True)
        (self.log / "tile/0/001.p").mkdir(parents=True)
        self.lines = [line_of(i) for i in range(self.SIZES[-1])]
        self.key = self.folder / "log.key"
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", self.key], check=True)
        der = subprocess.run(["openssl", "pkey", "-in", self.key, "-pubout", "-outform", "DER"], check=True,
                             capture_output=True).stdout
        raw = b"\1" + der[-32:]
        self.key_id = hashlib.sha256(NAME.encode() + b"\n" + raw).digest()[:4]
        vkey = f"{NAME}+{self.key_id.hex()}+{base64.b64encode(raw).decode()}\n"
        (self.log / "key").write_text(vkey)
        self.vkey = self.folder / "log.vkey"
        self.vkey.write_text(vkey)
        self.hashes = [leaf(line) for line in self.lines]
        self.heads = [self.head(size) for size in self.SIZES]
        (self.log / "heads").write_text("".join(head + "\n" for head in self.heads))
        (self.log / "tile/0/000").write_bytes(b"".join(self.hashes[:256]))
        (self.log / "tile/0/001.p/51").write_bytes(b"".join(self.hashes[256:]))
        self.write(self.lines)

    def head(self, size):
        text = f"{NAME}\n{size}\n{base64.b64encode(root(self.hashes[:size])).decode()}\n"
        (self.folder / "text").write_text(text)
        signature = subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", self.key, "-in",
                                    self.folder / "text"], check=True, capture_output=True).stdout
        return f"{text}\n\u2014 {NAME} {base64.b64encode(self.key_id + signature).decode()}\n"

    def write(self, lines):
        (self.log / "entries/000000.jsonl").write_text("".join(line + "\n" for line in lines))

    def verdict(self, *words, status=0):
        run = bartizan("ledger", "verify", *words, "--format", "json")
        self.assertEqual(run.returncode, status, run.stderr)
        document = json.loads(run.stdout)
        if jsonschema is not None:
            schema = json.loads((SOURCE / "docs/schema/ledger.schema.json").read_text())
            jsonschema.validators.validator_for(schema)(schema).validate(document)
        return document

    def told(self, *words):
        return [(issue["kind"], issue["index"]) for issue in self.verdict(*words, status=1)["issues"]]

    def test_a_log_made_by_the_specifications_verifies(self):
        verdict = self.verdict(self.log, "--key", self.vkey)
        self.assertEqual((verdict["verified"], verdict["entries"], verdict["heads"]), (True, 307, 3))
        self.assertEqual(base64.b64decode(verdict["root"]), root(self.hashes))
        self.assertIn("verified", bartizan("ledger", "verify", self.log).stdout)

    def test_changed_removed_and_moved_entries_are_named(self):
        for index in (0, 150, 306):
            self.write(self.lines[:index] + [self.lines[index].replace("anna", "eve")] + self.lines[index + 1:])
            self.assertEqual(self.told(self.log), [("changed", index)])
            self.write(self.lines[:index] + self.lines[index + 1:])
            self.assertEqual(self.told(self.log), [("removed", index)])
        self.write(self.lines[:9] + self.lines[10:31] + [self.lines[9]] + self.lines[31:])
        self.assertEqual(self.told(self.log), [("moved", 9)])
        self.assertIn("entry 9 was moved: it stands at place 30", bartizan("ledger", "verify", self.log).stdout)

    def test_a_log_signed_anew_by_someone_else_is_found_with_the_true_key(self):
        true_key = self.vkey.read_text()
        self.setUp()
        self.vkey.write_text(true_key)
        self.assertTrue(self.verdict(self.log)["verified"])
        self.assertFalse(self.verdict(self.log, "--key", self.vkey, status=1)["verified"])

    def test_a_shorter_log_is_found_with_a_head_that_was_kept(self):
        kept = self.folder / "kept"
        kept.write_text(self.heads[2])
        self.write(self.lines[:300])
        (self.log / "heads").write_text("".join(head + "\n" for head in self.heads[:2]))
        self.assertTrue(self.verdict(self.log)["verified"])
        self.assertEqual(self.told(self.log, "--since", kept), [("removed", 300)])

    def test_an_export_verifies_and_proves_by_itself(self):
        copy = self.folder / "copy"
        run = bartizan("ledger", "export", self.log, "--out", copy)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual((copy / "checkpoint").read_text(), self.heads[2])
        self.assertEqual((copy / "tile/0/000").read_bytes(), b"".join(self.hashes[:256]))
        self.assertEqual((copy / "tile/1/000.p/1").read_bytes(), root(self.hashes[:256]))
        self.assertTrue(self.verdict("--export", copy, "--key", self.vkey)["verified"])
        proof = self.folder / "proof"
        run = bartizan("ledger", "prove", "--export", copy, 200, "--out", proof)
        self.assertEqual((run.returncode, run.stdout), (0, proof.read_text()), run.stderr)
        self.assertTrue(run.stdout.startswith("c2sp.org/tlog-proof@v1\n"))
        proved = self.verdict("--proof", proof, "--key", self.vkey)
        self.assertEqual((proved["index"], proved["entry"]), (200, self.lines[200]))
        proof.write_text(proof.read_text().replace("index 200", "index 201"))
        self.assertFalse(self.verdict("--proof", proof, "--key", self.vkey, status=1)["verified"])

    def test_growth_is_proved_from_an_older_head(self):
        kept = self.folder / "kept"
        kept.write_text(self.heads[0])
        run = bartizan("ledger", "prove", self.log, "--since", kept, "--format", "json")
        self.assertEqual(run.returncode, 0, run.stderr)
        document = json.loads(run.stdout)
        self.assertEqual((document["older_entries"], document["entries"]), (3, 307))

    def test_show_prints_entries(self):
        run = bartizan("ledger", "show", self.log, "--limit", 3, "--kind", "test.odd", "--format", "json")
        self.assertEqual([one["index"] for one in json.loads(run.stdout)["shown"]], [301, 303, 305])
        run = bartizan("ledger", "show", self.log, 42)
        self.assertIn('{"n":294}', run.stdout)
        self.assertEqual(run.stdout.count("\n"), 1)

    def test_bad_input_gets_one_line(self):
        self.assert_refused(bartizan("ledger", "verify"), "FOLDER")
        self.assert_refused(bartizan("ledger", "verify", self.folder / "none"), "none", "check the path")
        self.assert_refused(bartizan("ledger", "verify", self.folder), "neither a ledger nor an export")
        self.assert_refused(bartizan("ledger", "prove", self.log), "number of the entry")
        self.assert_refused(bartizan("ledger", "prove", self.log, 307), "no entry 307")
        self.assert_refused(bartizan("ledger", "show", self.log, "x"), "not the number of an entry")
        self.assert_refused(bartizan("ledger", "show", self.log, 5000), "no entry 5000")
        self.assert_refused(bartizan("ledger", "verify", self.log, "--key", self.log / "heads"), "--key")
        self.assert_refused(bartizan("ledger", "verify", "--proof", self.vkey, "--key", self.vkey), "--proof")


if __name__ == "__main__":
    unittest.main()
