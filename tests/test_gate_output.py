"""What a gate prints and writes: table, JSON, JUnit XML, Markdown, annotations; whatever the data are called."""

import json
import os
import re
import stat
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

import mapgap
from mapgap.analysis.whole_file import append_to_file, require_file_writable, write_file
from mapgap.cli.check import check
from mapgap.demo import make_demo
from mapgap.errors import AccessError
from mapgap.gates import in_order, judge, parse_rule
from mapgap.report.gate.github import gate_annotations
from mapgap.report.gate.junit import gate_junit
from mapgap.report.gate.markdown import gate_markdown
from mapgap.report.gate.record import gate_record
from mapgap.report.gate.rows import MOST_ROWS, gate_rows, headline, number_text, remarks, sentence
from mapgap.report.json_files import json_bytes
from mapgap.verdicts import Gate, Measured
from tests import command
from tests.baselines import write_baseline
from tests.test_check import without

HOSTILE = "x\x00\x1b[31m]]>\u202e|<b>&\"'`@team #1\r\n::error::%0A\ufffe\ud800,:"


def gate_of(*measured: tuple[str, list[Measured]], strict: bool = False, name: str = "new.json") -> Gate:
    rules = tuple(parse_rule(text) for text, _ in measured)
    verdicts = [v for rule, (_, each) in zip(rules, measured, strict=True) for v in judge(rule, each, strict=strict)]
    detections = {"name": name, "sha256": None}
    return Gate(
        rules=rules,
        verdicts=in_order(verdicts),
        inputs={"ground_truth": {}, "detections": detections, "baseline": {"kind": "report", "detections": detections}},
        settings={"score_threshold": 0.5, "baseline_score_threshold": 0.5, "iou_threshold": 0.5, "resamples": 200},
        notices=(),
    )


FAILED = Measured(0.5, 0.4, (-0.15, -0.05), members=9)
UNSURE = Measured(0.5, 0.45, (-0.11, 0.01), members=9)
PASSED = Measured(0.5, 0.5, (0.0, 0.0), members=9)


def slices(*numbers: Measured) -> list[Measured]:
    return [
        Measured(n.before, n.after, n.interval, place=f'a == "{at}"', where={"a": str(at)}, members=9)
        for at, n in enumerate(numbers)
    ]


def test_rows_are_by_outcome_and_only_the_worst_of_what_passed() -> None:
    gate = gate_of(
        ("AP drop > 1", [PASSED]),
        ("precision drop > 1", [UNSURE]),
        ("recall[*] drop > 2", slices(PASSED, *[FAILED] * 12, UNSURE, PASSED)),
        ("fp rise > 3", [Measured(1000, 1004)]),
        ("APs drop > 1", [Measured(None, None)]),
    )
    rows = [(row.outcome, row.rule, row.place) for row in gate_rows(gate)]
    assert rows == [
        *[("failed", "recall[*] drop > 2", f'a == "{at}"') for at in range(1, MOST_ROWS + 1)],
        ("failed", "recall[*] drop > 2", "and 2 more slices"),
        ("failed", "fp rise > 3", ""),
        ("nothing_to_measure", "APs drop > 1", ""),
        ("unsure", "precision drop > 1", ""),
        ("unsure", "recall[*] drop > 2", 'a == "13"'),
        ("passed", "AP drop > 1", ""),
        ("passed", "recall[*] drop > 2", '2 slices, at worst a == "0"'),
    ]
    cells = [row.cells for row in gate_rows(gate)]
    assert cells[0][3:] == ("50.00", "40.00", "−10.00 (−15.00 to −5.00)")
    assert cells[MOST_ROWS + 1][3:] == ("1,000", "1,004", "+4")
    assert cells[MOST_ROWS + 2][3:] == ("–", "–", "–")
    assert headline(gate) == "failed: 3 of 5 rules"
    assert not gate.is_passed
    assert len(remarks(gate)) == 4


def test_a_gate_that_is_only_unsure_is_passed() -> None:
    gate = gate_of(("AP drop > 1", [UNSURE]))
    assert gate.is_passed
    assert headline(gate) == "passed: 1 rule"
    assert gate_annotations(gate) == [
        "::warning title=mapgap check%3A AP drop > 1::not sure, AP: 50.00 to 45.00, −5.00 points (−11.00 to +1.00)"
    ]
    assert gate_of(("AP drop > 1", [UNSURE]), strict=True).is_passed is False


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (0.0, "0"),
        (1e-16, "0"),
        (1e-6, "< 0.01"),
        (0.12345, "12.35"),
        (0.99999, "> 99.99"),
        (1.0, "100.00"),
    ],
)
def test_numbers_in_points(value: float | None, shown: str) -> None:
    assert number_text(value, "recall") == shown


def test_a_change_just_beyond_the_rule_is_seen_to_be() -> None:
    gate = gate_of(("recall drop > 1", [Measured(0.66, 0.64997, (-0.02, -0.001))]))
    assert sentence(gate.verdicts[0]) == "recall: 66.00 to 65.00, −1.0030 points (−2.00 to −0.10)"


def test_the_record_keeps_fractions_and_every_verdict() -> None:
    record = gate_record(
        gate_of(("recall[*] drop > 2", slices(*[FAILED] * 12, PASSED)), ("AP < 1", [Measured(None, 0.4)]))
    )
    assert list(record) == ["schema", "inputs", "settings", "passed", "rules", "verdicts", "warnings"]
    assert [rule["outcome"] for rule in record["rules"]] == ["failed", "passed"]
    assert len(record["verdicts"]) == 14
    first = record["verdicts"][0]
    assert first["change"] == pytest.approx(-0.1)
    assert (first["change_interval"], first["where"]) == ([-0.15, -0.05], {"a": "0"})
    assert json.loads(json_bytes(record)) == json.loads(json.dumps(record))


def hostile_gate(text: str) -> Gate:
    """Rules and slices that hold the text as it is, but for quotes and backslashes."""
    literal = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    place = f"class == {literal}"
    failed = Measured(0.5, 0.4, (-0.15, -0.05), place=place, where={"class": text}, members=9)
    return gate_of(
        (f"recall[class == {literal}] drop > 1", [failed]),
        (f"AP[class == {literal}] drop > 20", [failed]),
        (f"precision[class != {literal}] drop > 1", [Measured(0.5, 0.4, (-0.1, 0.1), place=place, members=9)]),
        name=text,
    )


TEXTS = st.text(max_size=12) | st.text(alphabet="|`<>&\"'\\:,%#@[]\r\n\x00\ufffe*_ ", max_size=12) | st.just(HOSTILE)


@given(TEXTS)
def test_no_name_breaks_the_xml(text: str) -> None:
    gate = hostile_gate(text)
    root = ElementTree.fromstring(gate_junit(gate))
    cases = root.findall("testsuite/testcase")
    assert [case.get("classname") for case in cases] == ["mapgap.check"] * 3
    assert [[child.tag for child in case] for case in cases] == [["failure"], [], ["system-out"]]
    assert root.get("failures") == "1"
    assert cases[0].find("failure").get("message").startswith("recall where class == ")  # type: ignore[union-attr]


@given(TEXTS)
def test_no_name_breaks_the_markdown(text: str) -> None:
    markdown = gate_markdown(hostile_gate(text)).decode("utf-8")
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(markdown)
    assert sum(token.type == "tr_open" for token in tokens) == 4
    assert sum(token.type == "td_open" for token in tokens) == 18
    inline = {child.type for token in tokens for child in token.children or []}
    assert inline <= {"text", "text_special"}
    assert "html_block" not in {token.type for token in tokens}


@given(TEXTS)
def test_no_name_breaks_an_annotation(text: str) -> None:
    lines = gate_annotations(hostile_gate(text))
    assert len(lines) == 2
    for line, kind in zip(lines, ("error", "warning"), strict=True):
        assert line.splitlines() == [line]
        found = re.fullmatch(r"::(\w+) title=([^:,]*)::(.*)", line)
        assert found
        assert found[1] == kind
        assert not re.search(r"%(?!25|0D|0A|3A|2C)", line)


def test_annotations_escape_as_github_reads_them() -> None:
    gate = gate_of(('recall["a:b,c%"=x] drop > 1', [Measured(0.5, 0.4, (-0.2, -0.1), place='["a:b,c%"=x]', members=9)]))
    (line,) = gate_annotations(gate)
    assert line.startswith(
        '::error title=mapgap check%3A recall["a%3Ab%2Cc%25"=x] drop > 1::recall where ["a:b,c%25"=x]: 50'
    )


def test_a_rule_on_many_slices_is_one_annotation() -> None:
    (line,) = gate_annotations(gate_of(("recall[*] drop > 2", slices(*[FAILED] * 12))))
    assert line.count("%0A") == 3
    assert line.endswith("%0A...")


# Files.


def test_a_file_is_replaced_whole_and_links_are_followed(tmp_path: Path) -> None:
    path, link = tmp_path / "a.xml", tmp_path / "link.xml"
    path.write_bytes(b"old")
    path.chmod(0o640)
    link.symlink_to(path)
    write_file(link, b"new")
    assert (path.read_bytes(), link.is_symlink(), stat.S_IMODE(path.stat().st_mode)) == (b"new", True, 0o640)
    append_to_file(path, b"er")
    assert path.read_bytes() == b"newer"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.xml", "link.xml"]


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.xml"
    path.write_bytes(b"old")

    def refuse(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(AccessError, match="No space left"):
        write_file(path, b"new")
    assert [each.read_bytes() for each in tmp_path.iterdir()] == [b"old"]


def test_inputs_are_never_written_to(tmp_path: Path) -> None:
    base = tmp_path / "base"
    base.mkdir()
    truth = tmp_path / "gt.json"
    truth.write_text("{}")
    (tmp_path / "same.json").hardlink_to(truth)
    (tmp_path / "way").symlink_to(base)
    for name in ("gt.json", "same.json", "base/summary.json", "way/new.md", "base", "nowhere/x.xml"):
        with pytest.raises(AccessError):
            require_file_writable(tmp_path / name, [truth, base])
    require_file_writable(tmp_path / "new.xml", [truth, base])
    require_file_writable(os.devnull, [truth, base])


# The command.


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """gt.json, dt.json, worse.json and baseline/ of a small demo."""
    folder = tmp_path_factory.mktemp("check")
    demo = make_demo(images=60)
    contents: dict[str, Any] = {"gt": demo.ground_truth, "dt": demo.detections, "worse": without(demo.detections, 2)}
    for name, content in contents.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    write_baseline(folder / "baseline", mapgap.analyze(folder / "gt.json", folder / "dt.json", resamples=0))
    return folder


def run(folder: Path, *arguments: str, **options: Any) -> Any:
    return command.mapgap("check", "gt.json", *arguments, "--resamples", "60", cwd=folder, **options)


def test_the_command_ends_with_0_and_1(folder: Path) -> None:
    rule = ("--baseline", "baseline", "--fail-if", "recall[size=small] drop > 1.0")
    passed = run(folder, "dt.json", *rule)
    assert (passed.returncode, passed.stderr) == (0, "")
    assert passed.stdout.splitlines()[0].startswith("passed: 1 rule (dt.json against dt.json, score >= ")
    failed = run(folder, "worse.json", *rule)
    assert failed.returncode == 1
    assert re.search(r"^failed   recall\[size=small\] drop > 1.0  \[size=small\] ", failed.stdout, flags=re.MULTILINE)


def test_the_same_bytes_each_time_and_in_every_file(folder: Path, tmp_path: Path) -> None:
    (folder / "gate.rules").write_text("recall[*] drop > 2 # each\nAP drop > 0.5\n")
    written = []
    for at in range(2):
        out = tmp_path / str(at)
        out.mkdir()
        done = run(
            folder, "worse.json", "--baseline", "baseline", "--rules", "gate.rules", "--fail-if", "recall < 1",
            "--github", "--junit", str(out / "gate.xml"), "--markdown", str(out / "gate.md"), "-o", str(out / "report"),
        )  # fmt: skip
        assert done.returncode == 1
        files = {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()}
        written.append((done.stdout.replace(str(out), ""), files))
    assert written[0] == written[1]
    stdout, files = written[0]
    assert stdout.startswith("::error title=mapgap check%3A ")
    assert {"gate.xml", "gate.md", "report/summary.json"} <= set(files)
    assert json.loads(files["report/summary.json"])["slices"][0]["recall_interval"] is not None
    one, other = (
        run(folder, "worse.json", "--baseline", "baseline", "--rules", "gate.rules", "--json").stdout for _ in range(2)
    )
    assert one == other
    assert json.loads(one)["schema"] == "mapgap/check/1"
    assert json.loads(one)["passed"] is False


def test_the_summary_of_a_step_is_added_to(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    path.write_text("before\n")
    environment = {**os.environ, "GITHUB_STEP_SUMMARY": str(path)}
    arguments = ("dt.json", "--baseline", "baseline", "--fail-if", "AP drop > 1", "--markdown")
    run(folder, *arguments, str(path), environment=environment)
    assert path.read_text().startswith("before\n### mapgap check passed: 1 rule\n")
    run(folder, *arguments, str(path))
    assert path.read_text().startswith("### mapgap check passed")


@pytest.mark.parametrize(
    ("arguments", "exit_code", "complaint"),
    [
        (["--baseline", "baseline", "--fail-if", "AP dorp > 1"], 2, "the rule 'AP dorp > 1': expected drop"),
        (["--baseline", "baseline", "--rules", "bad.rules"], 2, "bad.rules, line 2: column 1 of the rule"),
        (["--baseline", "baseline", "--rules", "no.rules"], 3, "no.rules: cannot be read"),
        (["--baseline", "nowhere"], 3, "nowhere: cannot be read"),
        (["--baseline", "."], 2, "no report folder: it holds no summary.json"),
        (["--baseline", "gt.json"], 2, "gt.json: no summary of mapgap: "),
        (["--baseline", ""], 2, "the name is empty"),
        ([], 2, "Missing option '--baseline'"),
        (["--baseline", "baseline", "--json", "--github"], 2, "--json and --github both print to stdout"),
        (["--baseline", "baseline", "--junit", "gt.json"], 3, "gt.json is an input"),
        (["--baseline", "baseline", "--markdown", "baseline/report.md"], 3, "baseline/report.md is an input"),
        (["--baseline", "baseline", "-o", "baseline"], 3, "baseline holds the input baseline"),
        (["--baseline", "baseline", "--score-threshold", "best"], 2, "best"),
        (["--baseline", "baseline", "--fail-if", "recall[size=smal] drop > 1"], 2, "size has no value"),
    ],
)  # fmt: skip
def test_what_has_no_meaning_is_one_line(folder: Path, arguments: list[str], exit_code: int, complaint: str) -> None:
    (folder / "bad.rules").write_text("AP drop > 1\n> 1\n")
    assert complaint in command.complaint(run(folder, "dt.json", *arguments), exit_code)


def test_a_pipeline_may_name_its_rule_like_an_attack(folder: Path) -> None:
    rule = 'recall[class == "\x1b[31m|::error::"] drop > 1'
    done = run(folder, "dt.json", "--baseline", "baseline", "--fail-if", rule)
    assert done.returncode == 2
    command.assert_printable(done.stderr)


def test_help_tells_the_exit_codes_of_a_gate(folder: Path) -> None:
    text = command.mapgap("check", "--help", cwd=folder).stdout
    assert re.search(r"0 +no rule failed", text)
    assert re.search(r"1 +a rule failed", text)
    options = {name for option in check.params for name in option.opts}
    assert {"--baseline", "--fail-if", "--rules", "--strict", "--junit", "--markdown", "--github"} <= options
    assert "--iou-type" not in options  # the baseline decides
