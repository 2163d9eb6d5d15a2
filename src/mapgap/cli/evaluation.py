"""Evaluates two files and prints the 12 COCO numbers, without NumPy where the files allow it."""

from collections.abc import Mapping, Sequence

from mapgap.analysis.numbers import FileNumbers, numbers_of_files
from mapgap.cli.memory_needs import ADDRESSES_OF_NUMPY
from mapgap.cli.output import print_bytes, print_lines, print_warnings
from mapgap.cli.progress import StageProgress
from mapgap.memory import require_addresses
from mapgap.report.evaluation import evaluation_lines, evaluation_record, inputs_record, tables_inputs_record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mapgap.analysis.numbers import FileNumbers
    from mapgap.findings import Told
    from mapgap.readings import Reading
    from mapgap.report.json_values import Record
    from mapgap.tables import Notice

    Outcome = tuple[Mapping[str, float | None], Sequence[Notice | Told], Record]
    """The numbers, the warnings, and the record of the inputs."""


def print_evaluation(
    ground_truth: str, detections: str, *, iou_type: str, as_json: bool, reading: "Reading | None" = None
) -> None:
    """Prints the numbers to stdout, as lines or as JSON, after the warnings to stderr."""
    with StageProgress(["evaluating"]) as progress:
        progress("evaluating")
        is_usual = iou_type == "bbox" and (reading is None or (not reading.record and reading.max_input_bytes is None))
        quick = _quick(ground_truth, detections, with_inputs=as_json) if is_usual else None
        metrics, notices, inputs = quick or _careful(ground_truth, detections, iou_type, reading)
    print_warnings(notices)
    if as_json:
        from mapgap.report.json_files import json_bytes

        record = {} if reading is None else reading.record
        print_bytes(json_bytes(evaluation_record(inputs, metrics, notices, iou_type=iou_type, reading=record)))
    else:
        print_lines(evaluation_lines(metrics))


def _quick(ground_truth: str, detections: str, *, with_inputs: bool) -> "Outcome | None":
    """None where the files need the careful way; files are hashed only for a record."""
    numbers = numbers_of_files(ground_truth, detections)
    if numbers is None:
        return None
    inputs = _inputs_of_files(ground_truth, detections, numbers) if with_inputs else {}
    return numbers.metrics, numbers.warnings, inputs


def _inputs_of_files(ground_truth: str, detections: str, numbers: FileNumbers) -> "Record":
    from mapgap.coco.file_identity import base_name, sha256_of_file

    return inputs_record(
        (base_name(ground_truth), sha256_of_file(ground_truth)),
        (base_name(detections), sha256_of_file(detections)),
        images=numbers.images,
        objects=numbers.objects,
        classes=numbers.classes,
        detections=numbers.detections,
    )


def _careful(ground_truth: str, detections: str, iou_type: str, reading: "Reading | None") -> "Outcome":
    require_addresses(ADDRESSES_OF_NUMPY, "mapgap evaluate")
    from mapgap.analysis.evaluation import evaluate
    from mapgap.readings import USUAL

    evaluation = evaluate(ground_truth, detections, iou_type=iou_type, reading=reading or USUAL)
    inputs = tables_inputs_record(evaluation.ground_truth, evaluation.results)
    return evaluation.metrics, evaluation.notices, inputs
