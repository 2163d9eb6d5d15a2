"""Every pair of the corpus of bad inputs, through `diagnose`, `evaluate` and the command line, strict and lenient."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import mapgap
from mapgap.errors import InputError
from mapgap.findings import CODES
from mapgap.number_words import plural
from mapgap.report.diagnosis import diagnosis_lines
from tests.bad_inputs import all_pairs
from tests.bad_inputs.pair import DETECTIONS, GROUND_TRUTH, Pair, sound_pair

PAIRS = {pair.name: pair for pair in all_pairs()}
FEWEST_PAIRS = 140
ON_THE_COMMAND_LINE = (
    "sound", "bom", "lfs_pointer_as_detections", "zip_as_ground_truth", "empty_ground_truth", "truncated_gt_0.5",
    "utf16", "latin1", "gzip_truncated", "nested_deeply", "swapped", "without_images", "score_nan", "score_1e999",
    "bbox_of_3", "unknown_image_99", "image_id_gigantic", "several_bad", "mask_of_another_size", "no_detections",
    "three_empty_lists", "annotation_id_zero", "scores_in_percent", "boxes_xyxy", "fields_by_the_thousand",
    "unpacks_to_more_than_asked",
)  # fmt: skip
OF_THE_DOCTOR = {
    "scores_reversed",
    "ground_truth_boxes",
    "few_matches",
    "mask_invalid",
    "image_attributes_not_read",
    "annotation_attributes_not_read",
}
"""What `evaluate` does not look for."""
OF_TEXT = {
    "annotations_twice",
    "longer_than_asked",
    "lone_surrogate_in_class_name",
    "lone_surrogate_in_field_name",
    "lone_surrogate_in_file_name",
    "lone_surrogate_in_value",
    "null_as_detections",
    "results_list_twice",
    "surrogates_in_utf8",
    "text_as_detections",
    "text_as_ground_truth",
    "unpacks_to_more_than_asked",
    "utf16",
    "utf16le",
    "utf32",
}
"""What is wrong with the text, and not with what Python makes of it."""
NOT_IN_PAIRS = {
    # Python objects, or options and pictures beside the two files, bring these; their own tests make them.
    "input_refused",
    "picture_outside_folder",
}


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Writes a pair into the current folder."""
    monkeypatch.chdir(tmp_path)

    def write(pair: Pair) -> Pair:
        Path(GROUND_TRUTH).write_bytes(pair.ground_truth)
        Path(DETECTIONS).write_bytes(pair.detections)
        return pair

    return write


def options_of(pair: Pair) -> tuple[str, mapgap.Reading]:
    """(IoU type, reading)."""
    options: dict[str, Any] = dict(pair.options)
    iou_type = options.pop("iou_type", "bbox")
    if "max_input_bytes" in options:
        options["max_input_bytes"] = int(options["max_input_bytes"])
    return iou_type, mapgap.Reading(**options)


def lines_of(diagnosis: mapgap.Diagnosis) -> list[str]:
    return [*diagnosis_lines(diagnosis.findings, diagnosis.record["settings"], "mapgap evaluate gt.json dt.json")]


def test_the_corpus_is_large_and_its_names_are_its_own() -> None:
    assert len(PAIRS) == len([*all_pairs()]) >= FEWEST_PAIRS


def test_the_corpus_is_the_same_each_time() -> None:
    assert [*all_pairs()] == [*PAIRS.values()]


def test_every_code_occurs() -> None:
    occurring = set().union(*(pair.codes for pair in PAIRS.values()))
    assert {code for code in set(CODES) - occurring if not code.startswith("pictures_")} == NOT_IN_PAIRS
    assert occurring <= set(CODES)


def test_every_severity_is_the_worst_of_its_codes() -> None:
    for pair in PAIRS.values():
        severities = {CODES[code] for code in pair.codes}
        worst = next((one for one in ("error", "warning", "note") if one in severities), "none")
        if pair.name == "bad_mask_unasked":  # as nobody compares masks there
            worst = "warning"
        assert pair.severity == worst, pair.name


@pytest.mark.parametrize("name", PAIRS)
def test_the_doctor_finds_it_and_evaluate_refuses_exactly_what_the_doctor_says(name: str, written: Any) -> None:
    pair = written(PAIRS[name])
    iou_type, reading = options_of(pair)
    diagnosis = mapgap.diagnose(GROUND_TRUTH, DETECTIONS, iou_type=iou_type, reading=reading)
    assert {finding.code for finding in diagnosis.findings} == pair.codes
    assert diagnosis.is_refused == (pair.severity == "error")
    text = "\n".join(lines_of(diagnosis))
    assert [word for word in pair.words if word not in text] == []
    for finding in diagnosis.findings:
        assert finding.file in (GROUND_TRUTH, DETECTIONS)
        assert finding.count >= 1
        assert finding.file not in finding.message
    if pair.evaluate_exit_status:
        with pytest.raises(InputError) as refusal:
            mapgap.evaluate(GROUND_TRUTH, DETECTIONS, iou_type=iou_type, reading=reading)
        errors = [finding for finding in diagnosis.findings if finding.severity == "error"]
        assert [line for line in refusal.value.lines if not line.startswith((GROUND_TRUTH, DETECTIONS))] == []
        assert len(refusal.value.lines) == len(errors)
    else:
        notices = mapgap.evaluate(GROUND_TRUTH, DETECTIONS, iou_type=iou_type, reading=reading).notices
        warned = {finding.code for finding in diagnosis.findings if finding.severity == "warning"}
        assert {notice.code for notice in notices} >= warned - OF_THE_DOCTOR
        assert [notice for notice in notices if not notice.message.startswith((GROUND_TRUTH, DETECTIONS))] == []
        if pair.is_of_attributes:
            with pytest.raises(InputError):
                mapgap.analyze(GROUND_TRUTH, DETECTIONS)


@pytest.mark.parametrize("name", [name for name, pair in PAIRS.items() if pair.severity == "none"])
def test_what_is_right_gives_the_numbers_of_the_sound_pair(name: str, written: Any) -> None:
    pair = written(PAIRS[name])
    iou_type, reading = options_of(pair)
    evaluation = mapgap.evaluate(GROUND_TRUTH, DETECTIONS, iou_type=iou_type, reading=reading)
    assert evaluation.notices == ()
    if "scene" not in name:
        written(PAIRS["sound"])
        assert evaluation.metrics == mapgap.evaluate(GROUND_TRUTH, DETECTIONS).metrics


@pytest.mark.parametrize("name", [name for name, pair in PAIRS.items() if pair.severity == "error"])
def test_lenient_gives_the_numbers_of_the_sound_rest(name: str, written: Any) -> None:
    """Records are left out or mended and counted; where that is not possible the pair stays refused."""
    pair = written(PAIRS[name])
    iou_type, reading = options_of(pair)
    lenient = replace(reading, lenient=True)
    diagnosis = mapgap.diagnose(GROUND_TRUTH, DETECTIONS, iou_type=iou_type, reading=lenient)
    errors = [finding for finding in diagnosis.findings if finding.severity == "error"]
    assert diagnosis.is_refused == (pair.rest is None)
    if pair.rest is None:
        with pytest.raises(InputError):
            mapgap.evaluate(GROUND_TRUTH, DETECTIONS, iou_type=iou_type, reading=lenient)
        return
    evaluation = mapgap.evaluate(GROUND_TRUTH, DETECTIONS, iou_type=iou_type, reading=lenient)
    expected = mapgap.evaluate(*pair.rest, iou_type=iou_type)
    assert evaluation.metrics == expected.metrics
    assert len(evaluation.results.score) == len(expected.results.score)
    assert len(evaluation.ground_truth.ids) == len(expected.ground_truth.ids)
    if not pair.is_of_attributes:
        told = {(notice.code, notice.count) for notice in evaluation.notices}
        assert told >= {(finding.code, finding.count) for finding in errors}
        for notice in evaluation.notices:
            if notice.code in pair.codes and notice.examples and CODES[notice.code] == "error":
                assert f": {plural(notice.count, 'record')} " in notice.message


@pytest.mark.parametrize("command", ["doctor", "evaluate"])
@pytest.mark.parametrize("name", ON_THE_COMMAND_LINE)
def test_the_command_line_ends_as_it_should(name: str, command: str, written: Any) -> None:
    pair = written(PAIRS[name])
    options = [part for field, value in pair.options for part in (f"--{field.replace('_', '-')}", value)]
    done = subprocess.run(
        [sys.executable, "-m", "mapgap", command, GROUND_TRUTH, DETECTIONS, *options],
        capture_output=True,
        text=True,
        timeout=60,
    )
    status = pair.exit_status if command == "doctor" else pair.evaluate_exit_status
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    said = done.stdout if command == "doctor" else done.stderr
    if command == "doctor" or not pair.is_of_attributes:
        assert pair.severity == "none" or GROUND_TRUTH in said or DETECTIONS in said
    if status and command == "evaluate":
        assert done.stdout == ""


@pytest.mark.parametrize("name", [name for name, pair in PAIRS.items() if pair.severity != "error"])
def test_the_quick_way_of_the_command_says_what_the_careful_one_says(name: str, written: Any) -> None:
    from mapgap.analysis.numbers import numbers_of_files

    pair = written(PAIRS[name])
    if pair.options:
        return
    quick = numbers_of_files(GROUND_TRUTH, DETECTIONS)
    if quick is None:
        return
    careful = mapgap.evaluate(GROUND_TRUTH, DETECTIONS)
    assert [warning.message for warning in quick.warnings] == [notice.message for notice in careful.notices]
    assert quick.metrics == careful.metrics


@pytest.mark.parametrize("name", [name for name, pair in PAIRS.items() if not pair.options])
def test_the_ground_truth_alone_is_judged_as_beside_detections(name: str, written: Any) -> None:
    """Its errors are the same; nothing is said of the other file."""
    written(PAIRS[name])
    both = mapgap.diagnose(GROUND_TRUTH, DETECTIONS).findings
    alone = mapgap.diagnose(GROUND_TRUTH).findings
    assert {finding.file for finding in alone} <= {GROUND_TRUTH}
    of_both = {(one.code, one.message) for one in both if one.file == GROUND_TRUTH and one.severity == "error"}
    assert {(one.code, one.message) for one in alone if one.severity == "error"} == of_both
    if name == "annotation_id_zero":
        assert [one.code for one in alone] == ["annotation_id_zero"]
        assert alone[0].count == 1


@pytest.mark.parametrize("name", [name for name in PAIRS if name not in OF_TEXT])
def test_python_objects_are_judged_like_files(name: str) -> None:
    pair = PAIRS[name]
    iou_type, reading = options_of(pair)
    try:
        truth, results = json.loads(pair.ground_truth), json.loads(pair.detections)
    except (ValueError, RecursionError):
        return
    diagnosis = mapgap.diagnose(truth, results, iou_type=iou_type, reading=reading)
    assert {finding.code for finding in diagnosis.findings} == pair.codes - {"number_not_in_json"}
    assert {finding.file for finding in diagnosis.findings} <= {"ground truth", "detections"}


def test_half_a_surrogate_pair_in_a_python_object_is_told() -> None:
    truth, results = sound_pair()
    truth["images"][1]["\ud800"] = 1
    truth["categories"][0]["name"] = "cat \udfff"
    diagnosis = mapgap.diagnose(truth, results)
    found = [(one.code, one.list_name) for one in diagnosis.findings]
    assert found == [("text_invalid", "images"), ("text_invalid", "categories")]
    lenient = mapgap.Reading(lenient=True)
    assert mapgap.evaluate(truth, results, reading=lenient).metrics == mapgap.evaluate(*sound_pair()).metrics


def test_the_corpus_can_be_written(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[1]
    subprocess.run(
        [sys.executable, "-m", "tests.bad_inputs", str(tmp_path / "corpus")], cwd=root, check=True, timeout=60
    )
    folders = [folder for folder in (tmp_path / "corpus").iterdir() if folder.is_dir()]
    assert len(folders) == len(PAIRS)
    assert (tmp_path / "corpus" / "expected.json").stat().st_size
