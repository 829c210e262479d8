"""data seal, verify, diff, watch, export: as a user runs them, the digests and the Merkle root made anew in Python."""
import hashlib
import json
import os
import subprocess
import unittest

try:
    import jsonschema
except ImportError:
    jsonschema = None

from program import SOURCE, Case, bartizan


def merkle_root(leaves):
    """RFC 6962, section 2.1, as it is written there."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return hashlib.sha256(b"\1" + merkle_root(leaves[:k]) + merkle_root(leaves[k:])).digest()


class DataSeal(Case):
    def setUp(self):
        super().setUp()
        self.set = self.folder / "set"
        for name, content in {"cat/1.png": b"one", "cat/2.png": b"two", "dog/1.png": b"three"}.items():
            self.put(name, content)
        self.key = self.folder / "k"
        self.json("keygen", "--type", "ed25519", "--out", self.key)
        self.manifest = self.folder / "set.manifest.jsonl"

    def put(self, name, content):
        path = self.set / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def json(self, *words, status=0):
        run = bartizan(*words, "--format", "json", "--quiet", cwd=self.folder)
        self.assertEqual(run.returncode, status, run.stderr)
        document = json.loads(run.stdout)
        name = f"{words[0]}-{words[1]}" if words[0] == "data" else words[0]
        self.assertEqual(document["schema"], f"bartizan.{name}/1")
        if jsonschema is not None:
            schema = json.loads((SOURCE / "docs" / "schema" / f"{name}.schema.json").read_text())
            jsonschema.validators.validator_for(schema)(schema).validate(document)
        return document

    def seal(self, *more, what=None):
        return self.json("data", "seal", what or self.set, "--key", self.key, *more)

    def verify(self, *more, what=None, status=0):
        return self.json("data", "verify", what or self.set, "--key", f"{self.key}.pub", *more, status=status)

    def refused(self, *words):
        run = bartizan(*words, cwd=self.folder)
        self.assertEqual(run.returncode, 2, run.stderr)
        self.assertEqual(run.stderr.count("\n"), 1, run.stderr)
        return run.stderr

    def test_what_is_sealed_verifies_and_what_changes_is_named(self):
        sealed = self.seal("--source", "partner-7", "--licence", "CC-BY-4.0", "--tag", "consent:training")
        self.assertEqual((sealed["items"], sealed["bytes"], sealed["version"]), (3, 11, 1))
        self.assertTrue(self.verify()["verified"])
        self.put("cat/1.png", b"ONE")
        (self.set / "dog" / "1.png").unlink()
        self.put("dog/2.png", b"")
        bad = self.verify("--changes", "all.jsonl", status=1)
        self.assertFalse(bad["verified"])
        self.assertEqual([one["id"] for one in bad["changed"]], ["cat/1.png"])
        self.assertEqual(bad["changed"][0]["expected"], hashlib.sha256(b"one").hexdigest())
        self.assertEqual([one["id"] for one in bad["missing"]], ["dog/1.png"])
        self.assertEqual([one["id"] for one in bad["added"]], ["dog/2.png"])
        self.assertEqual(bad["findings"][0]["rule"], "BTZ-PRV-002")
        lines = [json.loads(line) for line in (self.folder / "all.jsonl").read_text().splitlines()]
        self.assertEqual([line["change"] for line in lines], ["changed", "missing", "added"])

    def test_the_root_and_the_digests_are_those_of_the_standards(self):
        sealed = self.seal()
        lines = self.manifest.read_bytes().splitlines()
        self.assertEqual(sealed["root"], merkle_root(lines).hex())
        for line in map(json.loads, lines):
            self.assertEqual(line["sha256"], hashlib.sha256((self.set / line["id"]).read_bytes()).hexdigest())

    def test_additions_are_appended_and_each_delivery_keeps_its_source(self):
        self.seal("--source", "first")
        before = self.manifest.read_bytes()
        self.put("ant/1.png", b"four")
        again = self.seal("--source", "second", "--trust-times")
        self.assertEqual((again["added"], again["same"], again["previous"]["only_additions"]), (1, 3, True))
        after = self.manifest.read_bytes()
        self.assertTrue(after.startswith(before))
        self.assertEqual(json.loads(after.splitlines()[-1])["source"], "second")
        self.assertTrue(self.verify()["verified"])

    def test_each_way_of_tampering_has_its_one_line(self):
        self.seal()
        good = self.manifest.read_bytes()
        seal = self.folder / "set.manifest.jsonl.sig"
        lines = good.splitlines(keepends=True)
        for content, reason in [
            (good[:-4], "line 3 is cut off"),
            (lines[0] + lines[2], "expected 3 items, found 2"),
            (lines[1] + lines[0] + lines[2], "the manifest is not the one that was sealed"),
            (good + lines[2], "stands on line 3 and on line 4"),
            (good.replace(b"cat/1", b"../c1"), "line 1: id: '../c1.png'"),
            (good.decode().encode("utf-16"), "line 1: a byte order mark"),
            (good.replace(b"\n", b"\r\n"), "ends in CR LF"),
            (good.replace(b"dog", b"d\xf6g"), "UTF-8"),
            (b"", "expected 3 items, found 0"),
        ]:
            self.manifest.write_bytes(content)
            bad = self.verify(status=1)
            self.assertFalse(bad["verified"])
            self.assertIn(reason, bad["reason"])
            self.assertNotIn("\n", bad["reason"])
        self.manifest.write_bytes(good)
        self.json("keygen", "--out", self.folder / "other")
        bad = self.json("data", "verify", self.set, "--key", "other.pub", status=1)
        self.assertIn("signed with another key", bad["reason"])
        seal.unlink()
        self.assertIn("is not signed", self.verify(status=1)["reason"])
        self.manifest.unlink()
        self.assertIn("there is no manifest", self.refused("data", "verify", self.set, "--key", f"{self.key}.pub"))

    def test_two_versions_are_compared_by_item_label_and_distribution(self):
        self.seal("--out", "v1.jsonl")
        (self.set / "cat" / "2.png").rename(self.set / "dog" / "2.png")
        self.put("ant/1.png", b"four")
        self.seal("--out", "v2.jsonl")
        diff = self.json("data", "diff", "v1.jsonl", "v2.jsonl", "--key", f"{self.key}.pub")
        self.assertEqual(diff["counts"], {"added": 2, "removed": 1, "content": 0, "label": 0, "origin": 0,
                                          "renamed": 1})
        self.assertEqual(diff["renamed"], [{"from": "cat/2.png", "to": "dog/2.png"}])
        labels = diff["distributions"][0]
        self.assertEqual(labels["name"], "label")
        # cat 2/3 to 1/4, dog 1/3 to 2/4, ant 0 to 1/4
        self.assertAlmostEqual(labels["total_variation"], (5 / 12 + 1 / 6 + 1 / 4) / 2)
        self.json("keygen", "--out", self.folder / "other")
        self.assertFalse(self.json("data", "diff", "v1.jsonl", "v2.jsonl", "--key", "other.pub", status=1)["verified"])

    def test_lineage_is_recorded_by_root(self):
        raw = self.seal()
        small = self.folder / "small"
        small.mkdir()
        (small / "1.png").write_bytes(b"o")
        sealed = self.seal("--derived-from", self.set, "--derived-from", "web crawl of March", "--transformation",
                           "resize", what=small)
        self.assertEqual(sealed["derived_from"], [{"name": "set", "root": raw["root"]},
                                                  {"name": "web crawl of March", "root": None}])
        self.assertEqual(self.verify(what=small)["sealed"]["derived_from"], sealed["derived_from"])

    def test_croissant_goes_out_and_comes_back_with_its_digests(self):
        self.seal("--licence", "CC0-1.0")
        told = self.json("data", "export", self.set, "--key", f"{self.key}.pub", "--out", "c.json")
        self.assertEqual(told["missing"], ["description", "url", "creator"])
        document = json.loads((self.folder / "c.json").read_text())
        self.assertEqual(document["conformsTo"], "http://mlcommons.org/croissant/1.0")
        self.assertEqual({one["@id"] for one in document["distribution"]},
                         {"manifest", "files/cat/1.png", "files/cat/2.png", "files/dog/1.png"})
        self.assertEqual(document["license"], "CC0-1.0")
        document["license"] = "CC-BY-4.0"
        (self.folder / "c.json").write_text(json.dumps(document))
        self.seal("--fresh", "--croissant", "c.json")
        self.assertEqual(json.loads(self.manifest.read_text().splitlines()[0])["licence"], "CC-BY-4.0")
        self.put("cat/1.png", b"poison")
        line = self.refused("data", "seal", self.set, "--key", self.key, "--fresh", "--croissant", "c.json")
        self.assertIn("'cat/1.png' is not what the description says", line)

    def test_rows_of_a_table_are_items(self):
        table = self.folder / "people.csv"
        table.write_text("id,age,income\nann,30,low\nbob,40,high\n")
        self.seal("--id", "id", "--label", "income", what=table)
        table.write_text("id,age,income\nbob,41,high\nann,30,low\n")
        bad = self.verify(what=table, status=1)
        self.assertEqual([one["id"] for one in bad["changed"]], ["bob"])
        self.assertIn("there is no column 'who'",
                      self.refused("data", "seal", table, "--key", self.key, "--fresh", "--id", "who"))

    def test_a_watch_reports_through_findings(self):
        self.seal()
        words = ["data", "watch", self.set, "--key", f"{self.key}.pub"]
        self.assertTrue(self.json(*words, "--rounds", "1")["verified"])
        self.put("cat/1.png", b"ONE")
        bad = self.json(*words, "--rounds", "2", "--every", "0.1", "--no-events", "--out", "state", status=1)
        self.assertEqual((bad["rounds"], len(bad["changes"])), (2, 1))
        self.assertEqual(bad["changes"][0]["findings"][0]["rule"], "BTZ-PRV-002")
        report = json.loads((self.folder / "state" / "report.json").read_text())
        self.assertEqual([finding["rule"] for finding in report["findings"]], ["BTZ-PRV-002"])
        self.assertTrue((self.folder / "state" / "report.sarif").exists())
        self.json(*words, "--rounds", "1", "--fail-on", "never")

    def test_a_watch_hears_of_changes_and_ends_cleanly(self):
        self.seal()
        watch = subprocess.Popen(
            [os.path.join(os.environ["BARTIZAN_BIN_DIR"], "bartizan"), "data", "watch", str(self.set), "--key",
             f"{self.key}.pub", "--every", "600", "--quiet"], stdout=subprocess.PIPE, text=True, cwd=self.folder)
        try:
            self.assertIn("verified", watch.stdout.readline())
            self.put("cat/3.png", b"new")
            self.assertIn("1 added (event)", watch.stdout.readline())
        finally:
            watch.terminate()
            watch.communicate(timeout=60)
        self.assertEqual(watch.returncode, 1)


if __name__ == "__main__":
    unittest.main()
