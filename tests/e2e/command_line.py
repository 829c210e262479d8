"""The contract of the command line that needs no model: help, version, refusals, exit statuses, completion."""
import json
import os
import resource
import subprocess
import unittest

from program import BIN, Case, bartizan


class CommandLine(Case):
    def test_help_and_version_go_to_standard_output(self):
        for words in ([], ["--help"], ["help"], ["attack", "--help"], ["help", "train"]):
            run = bartizan(*words)
            self.assertEqual((run.returncode, run.stderr), (0, ""))
            self.assertIn("Usage: bartizan", run.stdout)
        self.assertRegex(bartizan("--version").stdout, r"^bartizan \d+\.\d+\.\d+\n$")

    def test_both_programs_are_of_one_version(self):
        engine = subprocess.run([BIN / "bartizan-engine", "--version"], capture_output=True, text=True)
        self.assertEqual(engine.stdout, bartizan("--version").stdout)

    def test_misspelt_words_get_a_suggestion_and_status_2(self):
        self.assert_refused(bartizan("adit"), "unknown command 'adit'", "did you mean 'audit'?")
        self.assert_refused(bartizan("attack", "m", "--esp", "1"), "unknown option '--esp'", "'--eps'")
        self.assert_refused(bartizan("evaluate", "m.onnx"), "--data is missing")
        self.assert_refused(bartizan("evaluate", "m.onnx", "--data", "d", "--format", "xml"), "text, json")
        self.assert_refused(bartizan("attack", "m", "--data", "d", "--attack", "pgd", "--eps", "x"), "'x' is not a number")

    def test_control_characters_in_words_stay_on_one_line(self):
        self.assert_refused(bartizan("au\ndit\x1b[31m"), "\\x0a", "\\x1b")

    def test_a_missing_engine_is_named_with_the_way_to_mend_it(self):
        environment = dict(os.environ, BARTIZAN_ENGINE=str(self.folder / "none"))
        run = bartizan("inspect", "m.onnx", env=environment)
        self.assert_refused(run, "BARTIZAN_ENGINE", status=3)

    def test_the_engine_s_exit_status_is_passed_on(self):
        engine = self.folder / "engine"
        engine.write_text('#!/bin/sh\necho "$@"\nexit 1\n')
        engine.chmod(0o755)
        run = bartizan("inspect", "a b.onnx", "--quiet", env=dict(os.environ, BARTIZAN_ENGINE=str(engine)))
        self.assertEqual((run.returncode, run.stdout), (1, "inspect a b.onnx --quiet\n"))

    def test_a_device_that_is_not_there_is_refused(self):
        self.assert_refused(bartizan("inspect", "m.onnx", "--device", "abacus"), "'abacus' is no device")

    def test_a_full_standard_output_is_a_failure(self):
        with open("/dev/full", "w") as full:
            run = subprocess.run([BIN / "bartizan", "--help"], stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual(run.returncode, 3)
        self.assertIn("cannot write to standard output", run.stderr)

    def test_starts_in_milliseconds(self):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        for _ in range(20):
            bartizan("--version")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        self.assertLess(cpu / 20, 0.05)


class AttackList(Case):
    def test_lists_every_attack_with_its_paper_and_parameters(self):
        attacks = json.loads(bartizan("attack", "--list", "--format", "json").stdout)["attacks"]
        by_name = {attack["name"]: attack for attack in attacks}
        self.assertLessEqual({"fgsm", "pgd", "apgd-ce", "apgd-dlr", "apgd-t", "fab", "fab-t", "square", "autoattack"},
                             by_name.keys())
        self.assertIn("steps", {parameter["name"] for parameter in by_name["pgd"]["parameters"]})
        for attack in attacks:
            self.assertTrue(attack["url"].startswith("https://"), attack)
            self.assertIn(attack["access"], ("gradients", "scores", "decisions"))
        text = bartizan("attack", "--list").stdout
        for name in by_name:
            self.assertIn(f"\n{name} ", text)

    def test_needs_no_engine(self):
        run = bartizan("attack", "--list", env=dict(os.environ, BARTIZAN_ENGINE=str(self.folder / "none")))
        self.assertEqual(run.returncode, 0)


class Doctor(Case):
    def test_says_that_all_is_well_as_text_and_json(self):
        run = bartizan("doctor")
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertIn("Bartizan is ready.", run.stdout)
        report = json.loads(bartizan("doctor", "--format", "json").stdout)
        self.assertEqual(next(iter(report.items())), ("schema", "bartizan.doctor/1"))
        self.assertEqual({check["name"] for check in report["checks"]},
                         {"engine", "service", "BLAS", "processor", "memory", "disk", "demo data"})

    def test_tells_what_is_missing_with_status_1(self):
        engine = self.folder / "engine"
        engine.write_text('#!/bin/sh\necho "error while loading shared libraries: libtorch.so" >&2\nexit 127\n')
        engine.chmod(0o755)
        run = bartizan("doctor", env=dict(os.environ, BARTIZAN_ENGINE=str(engine)))
        self.assertEqual(run.returncode, 1)
        self.assertIn("libtorch.so", run.stdout)
        self.assertIn("to mend it:", run.stdout)


class Compare(Case):
    def report(self, name, *rules):
        findings = [{"rule": rule, "severity": severity, "title": f"finding {rule}", "probe": "p"}
                    for rule, severity in rules]
        document = {"schema": "bartizan.audit/1", "asset": {"path": f"{name}.onnx", "sha256": ""}, "findings": findings,
                    "probes": [{"name": "p", "title": "P", "status": "passed", "seconds": 1}]}
        (self.folder / name).mkdir()
        (self.folder / name / "report.json").write_text(json.dumps(document))
        return self.folder / name

    def test_tells_what_is_gone_and_what_is_new_and_writes_a_page(self):
        before = self.report("before", ("BTZ-EVA-001", "critical"), ("BTZ-QUA-001", "low"))
        after = self.report("after", ("BTZ-QUA-001", "low"), ("BTZ-EVA-002", "medium"))
        page = self.folder / "page.html"
        run = bartizan("compare", before, after, "--out", page, "--format", "json")
        self.assertEqual(run.returncode, 0, run.stderr)
        result = json.loads(run.stdout)
        self.assertEqual([f["rule"] for f in result["gone"]], ["BTZ-EVA-001"])
        self.assertEqual([f["rule"] for f in result["new"]], ["BTZ-EVA-002"])
        self.assertLess(result["before"]["score"], result["after"]["score"])
        self.assertIn("before.onnx", page.read_text())

    def test_gates_on_what_is_new(self):
        before, after = self.report("before", ("BTZ-QUA-001", "low")), self.report("after", ("BTZ-EVA-001", "critical"))
        self.assertEqual(bartizan("compare", before, after).returncode, 1)
        self.assertEqual(bartizan("compare", before, after, "--fail-on", "never").returncode, 0)
        self.assertEqual(bartizan("compare", after, after).returncode, 0)

    def test_refuses_what_is_no_report(self):
        good = self.report("good")
        self.assert_refused(bartizan("compare", good, self.folder / "none"), "none")
        (self.folder / "cut.json").write_text('{"schema": "bartizan.audit/1", "probes": 3}')
        self.assert_refused(bartizan("compare", good, self.folder / "cut.json"), "cut.json", "probes: a list is needed")


class Completion(Case):
    def test_is_written_for_every_shell(self):
        for shell in ("bash", "zsh", "fish"):
            run = bartizan("completion", shell)
            self.assertEqual(run.returncode, 0)
            self.assertIn("evaluate", run.stdout)
        self.assert_refused(bartizan("completion", "tcsh"), "bash, zsh, fish")


if __name__ == "__main__":
    unittest.main()
