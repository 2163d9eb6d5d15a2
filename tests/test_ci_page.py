"""docs/ci.md: its workflow does what it says, its rules are rules."""

import os
import re
import shutil
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

import pytest

import mapgap
from mapgap.analysis.checking import USUAL_RULES
from mapgap.demo import make_demo
from mapgap.gates import parse_rule, rules_of_text
from tests.baselines import write_baseline
from tests.test_check import without
from tests.test_docs import ROOT, blocks

PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
PIP = '#!/bin/sh\n# Stands for a registry: mapgap is here already.\necho "$@" >> pip.log\n'


@dataclass(frozen=True)
class Step:
    """One `run` of a workflow."""

    name: str
    script: str


def block(language: str) -> str:
    """The one block of this language."""
    (found,) = (each.code for each in blocks(PAGE) if each.language == language)
    return found


def steps(workflow: str) -> list[Step]:
    """The steps of a workflow that run something: a `- name:` and its `run:`, on one line or as a block."""
    found = []
    for part in re.split(r"^      - ", workflow, flags=re.MULTILINE)[1:]:
        name = re.search(r"^(?:        )?name: (.+)$", part, flags=re.MULTILINE)
        run = re.search(r"^(?:        )?run: (.*)\n((?:          .*\n|\n)*)", f"{part}\n", flags=re.MULTILINE)
        if name and run:
            found.append(Step(name[1], textwrap.dedent(run[2]) if run[1] == "|" else run[1]))
    return found


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """What the page says the repository holds, of demo data; commands find mapgap, and a pip that only notes."""
    import json

    demo = make_demo(images=60)
    for folder in ("data", "runs", "bin"):
        (tmp_path / folder).mkdir()
    (tmp_path / "data" / "gt.json").write_text(json.dumps(demo.ground_truth))
    (tmp_path / "runs" / "detections.json").write_text(json.dumps(demo.detections))
    (tmp_path / "gate.rules").write_text(block("rules"))
    write_baseline(tmp_path / "baseline", mapgap.analyze(demo.ground_truth, demo.detections, resamples=0))
    commands = {"python": PIP, "mapgap": f'#!/bin/sh\nexec "{sys.executable}" -m mapgap "$@"\n'}
    for name, text in commands.items():
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    (tmp_path / "summary.md").write_text("of another command\n")
    return tmp_path


def run_steps(repository: Path) -> tuple[int, str]:
    """The exit code of the first step that fails, else 0, and all that was printed; as a runner calls bash."""
    printed = ""
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([str(repository / "bin"), os.environ["PATH"]]),
        "GITHUB_STEP_SUMMARY": str(repository / "summary.md"),
    }
    for step in steps(block("yaml")):
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step.script]
        done = subprocess.run(
            command, cwd=repository, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        printed += done.stdout + done.stderr
        if done.returncode:
            return done.returncode, printed
    return 0, printed


def test_the_workflow_has_the_steps_that_run() -> None:
    assert [step.name for step in steps(block("yaml"))] == ["Install mapgap", "Check the detector"]
    names = set(re.findall(r"\b(\S+/|gate\.\w+|\S+\.json)", block("yaml")))
    assert {"data/", "runs/", "gate.rules", "gate.xml"} <= {re.sub(r"/.*", "/", name) for name in names}


def test_the_workflow_passes_an_unchanged_run(repository: Path) -> None:
    code, printed = run_steps(repository)
    assert code == 0, printed
    assert (repository / "pip.log").read_text() == "-m pip install mapgap\n"
    assert "::error" not in printed
    assert (repository / "report" / "report.html").exists()
    assert 'failures="0"' in (repository / "gate.xml").read_text()
    summary = (repository / "summary.md").read_text()
    assert summary.startswith("of another command\n### mapgap check passed: 6 rules\n")


def test_the_workflow_stops_a_worse_run_and_keeps_its_report(repository: Path) -> None:
    import json

    path = repository / "runs" / "detections.json"
    path.write_text(json.dumps(without(json.loads(path.read_text()), 2)))
    code, printed = run_steps(repository)
    assert code == 1, printed
    assert "::error title=mapgap check%3A recall[size=small] drop > 1::recall where [size=small]" in printed
    assert (repository / "report" / "report.html").exists()
    assert "<failure " in (repository / "gate.xml").read_text()
    assert "### mapgap check failed: " in (repository / "summary.md").read_text()
    # What is kept is a baseline for later.
    shutil.rmtree(repository / "baseline")
    (repository / "report").rename(repository / "baseline")
    assert run_steps(repository)[0] == 0


def test_the_page_tells_the_usual_rules() -> None:
    before, _, _ = PAGE.partition("These four are the usual rules")
    assert re.findall(r"^passed   (\S+ \w+ > [\d.]+) ", before, flags=re.MULTILINE) == list(USUAL_RULES)


def test_rules_of_the_page_are_rules() -> None:
    assert len(rules_of_text(block("rules").encode(), "gate.rules")) == 6
    for text in re.findall(r"`(\w+(?:\[[^`]*\])? (?:(?:drop|rise) )?[<>]=? [\d.]+)`", PAGE):
        parse_rule(text)
