"""What packaging/ ships for operators asks for metrics, labels and reasons that the service really has."""
import json
import re
import subprocess
import unittest

import yaml

from program import SOURCE

RULES = SOURCE / "packaging/prometheus/bartizan.rules.yaml"
BOARD = SOURCE / "packaging/grafana/bartizan.json"


def declared():
    """Names and labels of metrics in the gateway's own table."""
    text = (SOURCE / "src/gateway/metrics.h").read_text() + (SOURCE / "src/gateway/metrics.cpp").read_text()
    out = {name: set() for name in re.findall(r'"(bartizan_\w+)"', text)}
    for name, labels in re.findall(r'"(bartizan_\w+)",\s*"[^"]*",\s*\{([^}]*)\}', text):
        out[name] = set(re.findall(r'"(\w+)"', labels))
        out[name + "_bucket"] = out[name] | {"le"}
    return out


class Packaging(unittest.TestCase):
    def expressions(self):
        for group in yaml.safe_load(RULES.read_text())["groups"]:
            for rule in group["rules"]:
                yield rule["alert"], rule["expr"]
        for panel in json.loads(BOARD.read_text())["panels"]:
            for target in panel["targets"]:
                yield panel["title"], target["expr"]

    def test_every_metric_and_label_exists(self):
        known = declared()
        self.assertIn("bartizan_detector_alerts_total", known)
        seen = 0
        for name, expression in self.expressions():
            for metric, selector in re.findall(r"(bartizan_\w+)(?:\{([^}]*)\})?", expression):
                seen += 1
                self.assertIn(metric, known, name)
                for label in re.findall(r"(\w+)\s*=", selector):
                    self.assertIn(label, known[metric], f"{name}: {metric}")
            metrics = re.findall(r"bartizan_\w+", expression)
            for label in re.findall(r"by \(([^)]*)\)", expression):
                for one in re.split(r",\s*", label):
                    self.assertTrue(any(one in known[metric] for metric in metrics), f"{name}: {one}")
        self.assertGreater(seen, 20)

    def test_reasons_are_those_that_the_service_gives(self):
        said = (SOURCE / "docs/serve.md").read_text()
        for name, expression in self.expressions():
            for reasons in re.findall(r'reason=~?"([^"]*)"', expression):
                for reason in reasons.split("|"):
                    self.assertIn(f"`{reason}`", said, name)

    def test_promtool_takes_the_rules(self):
        try:
            run = subprocess.run(["promtool", "check", "rules", RULES], capture_output=True, text=True)
        except FileNotFoundError:
            self.skipTest("promtool is not installed")
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)


if __name__ == "__main__":
    unittest.main()
