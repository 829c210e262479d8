"""data check: data sets made here with faults planted in them; each is found, parted, and nothing is lost."""
import json
import unittest

import numpy

try:
    import jsonschema
except ImportError:
    jsonschema = None

from program import SOURCE, Case, bartizan


class DataCheck(Case):
    def check(self, path, *words, status=0):
        run = bartizan("data", "check", path, "--format", "json", "--quiet", "--fail-on", "never", *words)
        self.assertEqual(run.returncode, status, run.stderr)
        document = json.loads(run.stdout)
        self.assertEqual(next(iter(document.items())), ("schema", "bartizan.data-check/1"))
        if jsonschema:
            schema = json.loads((SOURCE / "docs/schema/data-check.schema.json").read_text())
            jsonschema.validate(document, schema)
        return document, {issue["kind"]: issue for issue in document["issues"]}

    def blobs(self, items=600, classes=3):
        random = numpy.random.default_rng(1)
        y = random.integers(0, classes, items)
        x = random.normal(size=(items, 8)).astype("float32")
        x[numpy.arange(items), y] += 6
        return x, y

    def save(self, name, **arrays):
        numpy.savez(self.folder / name, **arrays)
        return self.folder / name

    def test_flipped_labels_outliers_and_duplicates_are_found(self):
        x, y = self.blobs()
        flipped = set(range(0, 60, 2))
        wrong = y.copy()
        wrong[list(flipped)] = (wrong[list(flipped)] + 1) % 3
        x[101], wrong[101] = x[100], wrong[100]
        x[300] = 60
        _, issues = self.check(self.save("d.npz", x=x, y=wrong))
        found = set(issues["label_error"]["indices"])
        self.assertGreaterEqual(len(found & flipped), 25)
        self.assertLessEqual(len(found - flipped), 5)
        self.assertIn(101, issues["exact_duplicate"]["indices"])
        self.assertEqual(issues["outlier"]["indices"][0], 300)

    def test_given_probabilities_are_used(self):
        x, y = self.blobs()
        probabilities = numpy.eye(3)[y] * 0.9 + 0.1 / 3
        wrong = y.copy()
        wrong[7] = (y[7] + 1) % 3
        document, issues = self.check(self.save("d.npz", x=x, y=wrong), "--probabilities",
                                      self.save("p.npz", pred_probs=probabilities))
        self.assertEqual(issues["label_error"]["indices"], [7])
        self.assertEqual(issues["label_error"]["suggested"], [int(y[7])])
        self.assertIsNone(document["model_accuracy"])
        run = bartizan("data", "check", self.folder / "d.npz", "--probabilities", self.save("q.npz", pred_probs=probabilities[:9]))
        self.assert_refused(run, "--probabilities", "shape [9, 3] for 600 items")

    def test_leaks_between_splits_are_found(self):
        random = numpy.random.default_rng(2)
        train, test = random.random((80, 16, 16)), random.random((60, 16, 16))
        test[5] = train[9]
        test[6] = numpy.clip(train[12] + random.normal(size=(16, 16)) * 0.004, 0, 1)
        _, issues = self.check(self.save("train.npz", x=train.astype("float32")), "--other",
                               self.save("test.npz", x=test.astype("float32")))
        self.assertEqual(issues["leak"]["groups"], [[9, 5]])
        self.assertEqual(issues["near_leak"]["groups"], [[12, 6]])

    def test_quarantine_of_a_table_loses_no_byte(self):
        lines = ["name,note,y\r\n"] + [f'p{i},"line one\r\nline ""two"" {i * i}",{i % 2}\r\n' for i in range(40)]
        lines[4] = 'p3,"mail bob@example.com",1\r\n'
        lines[9] = '\r\np8,card 4111111111111111,0\r\n'
        table = self.folder / "t.csv"
        table.write_bytes("".join(lines).encode()[:-2])  # the last line has no end
        document, issues = self.check(table, "--label", "y", "--quarantine", self.folder / "q")
        self.assertEqual(issues["email"]["indices"], [3])
        self.assertEqual(issues["payment_card"]["indices"], [8])
        self.assertNotIn("bob@example", json.dumps(document))
        clean = (self.folder / "q/clean.csv").read_bytes().decode()
        suspect = (self.folder / "q/suspect.csv").read_bytes().decode()
        self.assertIn("bob@example.com", suspect)
        self.assertNotIn("bob@example.com", clean)
        for line in lines[1:]:
            self.assertEqual((line.strip() in clean) + (line.strip() in suspect), 1, line)
        self.assertEqual(document["quarantine"]["clean_items"] + document["quarantine"]["suspect_items"], 40)
        reasons = json.loads((self.folder / "q/reasons.json").read_text())
        self.assertIn({"item": 3, "kinds": ["email"]}, reasons["suspects"])
        self.assert_refused(bartizan("data", "check", table, "--quarantine", self.folder / "q"), "is there already")
        self.assert_refused(bartizan("data", "check", table, "--quarantine", self.folder / "r", "--limit", "3"), "--limit")

    def test_quarantine_of_arrays_keeps_types_and_other_arrays(self):
        x, y = self.blobs()
        x = x.astype("float64")
        x[17, 2] = numpy.nan
        names = numpy.array([f"item {i}" for i in range(600)])
        path = self.save("d.npz", x=x, y=y, names=names, classes=numpy.array(["a", "b", "c"]))
        document, _ = self.check(path, "--quarantine", self.folder / "q")
        parts = [numpy.load(self.folder / "q" / f"{part}.npz") for part in ("clean", "suspect")]
        ids = numpy.concatenate([part["ids"] for part in parts])
        self.assertEqual(sorted(ids), list(range(600)))
        for key, whole in (("x", x), ("y", y), ("names", names)):
            both = numpy.concatenate([part[key] for part in parts])
            self.assertEqual(both.dtype, whole.dtype)
            numpy.testing.assert_array_equal(both, whole[ids])
        self.assertEqual(list(parts[0]["classes"]), ["a", "b", "c"])

    def test_bad_input_is_refused_or_told_as_not_applicable(self):
        def write(name, text):
            (self.folder / name).write_text(text)
            return self.folder / name

        document, issues = self.check(write("five.csv", "a,y\n1,x\n2,y\n3,x\n4,y\n5,x\n"), "--label", "y")
        skipped = {entry["check"]: entry["reason"] for entry in document["not_applicable"]}
        self.assertEqual(skipped["label_errors"], "5 items are fewer than 50")
        self.assertEqual(skipped["outliers"], "5 items are fewer than 50")
        x, _ = self.blobs(80)
        document, issues = self.check(self.save("one.npz", x=x, y=numpy.zeros(80, int)))
        self.assertIn("single_class", issues)
        self.assertIn({"check": "label_errors", "reason": "there is one class only"}, document["not_applicable"])
        document, issues = self.check(self.save("nan.npz", x=numpy.full((80, 3), numpy.nan)))
        self.assertIn("empty_column", issues)
        self.assertIn({"check": "outliers", "reason": "there is nothing to measure distances by"}, document["not_applicable"])
        for path, words, part in ((write("e.csv", ""), (), "no rows"), (write("h.csv", "a,b\n"), (), "no rows"),
                                  (write("n.csv", "1,2\n3,4\n"), (), "names of the columns"),
                                  (write("r.csv", "a,b\n1\n"), (), "line 2"),
                                  (write("l.csv", "a,b\n1,2\n"), ("--label", "z"), "no column called 'z'"),
                                  (write("j.jsonl", '{"a": 1}\n[2]\n'), (), "line 2"),
                                  (write("g.csv", "a,b\n1,2\n"), ("--group", "z"), "--group 'z'"),
                                  (self.folder / "absent.csv", (), "absent.csv")):
            self.assert_refused(bartizan("data", "check", path, *words, "--quiet"), part)

    def test_rows_are_shown_and_personal_data_in_them_are_not(self):
        table = self.folder / "t.csv"
        lines = [f"{20 + i % 40},call {i} back,{'n' if i % 2 else 'y'}" for i in range(60)]
        lines[7] = "9999,\"nhs number 943 476 5919, write to bob@example.com\",y"
        table.write_text("age,note,y\n" + "\n".join(lines) + "\n")
        document, issues = self.check(table, "--label", "y")
        self.assertEqual(issues["national_id"]["places"][0]["what"], "NHS number (GB)")
        example = issues["out_of_range"]["examples"][0]
        self.assertEqual((example["item"], example["label"]), (7, "y"))
        self.assertEqual(example["row"], "age=9999, note=nhs number 94***19, write to b***@***")
        text = bartizan("data", "check", table, "--label", "y", "--quiet", "--fail-on", "never").stdout
        self.assertIn("age=9999", text)
        for printed in (text, json.dumps(document)):
            self.assertNotIn("bob@", printed)
            self.assertNotIn("476 5919", printed)

    def test_the_page_shows_rows_and_no_personal_data(self):
        table = self.folder / "t.csv"
        lines = [f"{20 + i % 40},call {i} back,{'n' if i % 2 else 'y'}" for i in range(60)]
        lines[7] = "9999,write to bob@example.com <script>,y"
        table.write_text("age,note,y\n" + "\n".join(lines) + "\n")
        page = self.folder / "page"
        run = bartizan("data", "check", table, "--label", "y", "--quiet", "--fail-on", "never", "--report", page)
        self.assertEqual(run.returncode, 0, run.stderr)
        html = (page / "report.html").read_text()
        self.assertIn("age=9999, note=write to b***@***", html)
        self.assertNotIn("bob@", html)
        self.assertNotIn("<script>", html.split("age=9999")[1])
        self.assertIn("Not applicable", html)
        self.assertTrue((page / "report.sarif").exists() and (page / "junit.xml").exists())
        taken = self.folder / "taken"
        taken.write_text("")
        self.assert_refused(bartizan("data", "check", table, "--label", "y", "--quiet", "--report", taken), "taken")

    def test_columns_of_numbers_do_not_flood(self):
        random = numpy.random.default_rng(3)
        numbers = {name: random.integers(low, high, 3000) for name, low, high in
                   (("nine", 10**8, 10**9), ("ten", 10**9, 10**10), ("eleven", 10**10, 10**11),
                    ("twelve", 10**11, 10**12), ("fifteen", 10**14, 10**15), ("sixteen", 10**15, 10**16))}
        table = self.folder / "n.csv"
        table.write_text(",".join(numbers) + "\n" + "\n".join(",".join(map(str, row)) for row in zip(*numbers.values())) + "\n")
        _, issues = self.check(table)
        self.assertFalse({"national_id", "payment_card", "phone", "iban"} & set(issues), issues.keys())

    def test_encodings(self):
        for name, content, part in (("u.csv", "a,b\n1,2\n".encode("utf-16"), "UTF-16"), ("z.csv", b"a,b\n1,\0\n", "NUL")):
            (self.folder / name).write_bytes(content)
            self.assert_refused(bartizan("data", "check", self.folder / name, "--quiet"), part)
        (self.folder / "l.csv").write_bytes("name\nAnna\nJos\u00e9\n".encode("latin-1"))
        _, issues = self.check(self.folder / "l.csv")
        self.assertEqual(issues["mixed_encoding"]["indices"], [1])

    def test_drift_and_groups_of_tables(self):
        rows = [f"{20 + i % 50},{'fm'[i % 2]},{(i // 3) % 2}" for i in range(400)]
        old = self.folder / "old.csv"
        old.write_text("age,sex,y\n" + "\n".join(rows) + "\n")
        new = self.folder / "new.csv"
        new.write_text("age,sex,extra,y\n" + "\n".join(f"{60 + i % 50},f,1,{i % 2}" for i in range(400)) + "\n")
        document, issues = self.check(new, "--label", "y", "--against", old, "--group", "sex")
        titles = " ".join(issue["title"] for issue in document["issues"])
        self.assertIn("1 columns are new", titles)
        self.assertIn("column 'age' leaves its earlier range", titles)
        self.assertIn("column 'sex' are distributed otherwise", titles)
        self.assertIn("f: 400 (100.0 %)", issues["group_shares"]["detail"])


if __name__ == "__main__":
    unittest.main()
