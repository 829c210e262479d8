"""A model file that would run code when loaded is stopped before anything parses it further."""
import json
import unittest
import zipfile

import numpy

from program import Case, bartizan

#: Protocol 2: os.system("true") would run.
PICKLE = b"\x80\x02cos\nsystem\nU\x04true\x85R."


class UnsafeModel(Case):
    def setUp(self):
        super().setUp()
        self.model = self.folder / "model.pt"
        with zipfile.ZipFile(self.model, "w") as archive:
            archive.writestr("model/data.pkl", PICKLE)
            archive.writestr("model/version", "3\n")
        self.data = self.folder / "data.npz"
        numpy.savez(self.data, x=numpy.zeros((4, 2), "float32"), y=numpy.array([0, 1, 0, 1]))

    def test_commands_refuse_it_and_say_what_would_run(self):
        for words in (["inspect", self.model], ["evaluate", self.model, "--data", self.data],
                      ["attack", self.model, "--data", self.data, "--attack", "fgsm"]):
            with self.subTest(words[0]):
                self.assert_refused(bartizan(*words), "not safe to load", "os.system('true')", "BTZ-SCN-001")

    def test_an_audit_reports_it_and_goes_no_further(self):
        out = self.folder / "report"
        words = ["audit", self.model, "--data", self.data, "--out", out, "--quiet"]
        run = bartizan(*words)
        self.assertEqual(run.returncode, 1, run.stderr)
        report = json.loads((out / "report.json").read_text())
        first, *others = report["probes"]
        self.assertEqual(first["name"], "artefact")
        self.assertEqual({probe["status"] for probe in others}, {"skipped"})
        finding, = report["findings"]
        self.assertEqual((finding["rule"], finding["severity"]), ("BTZ-SCN-001", "critical"))
        self.assertTrue((out / "report.html").is_file())
        self.assertEqual(bartizan(*words, "--fail-on", "never").returncode, 0)


if __name__ == "__main__":
    unittest.main()
