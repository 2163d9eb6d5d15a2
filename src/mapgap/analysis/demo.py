"""The demo: rendered pictures, a simulated detector, and the report on it, in one folder."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory

from mapgap.analysis.analysis import REPORT_STAGES, Analysis, analyze
from mapgap.analysis.folder import require_writable, write_folder
from mapgap.analysis.page_pictures import pictures_of_runs, real_folder
from mapgap.analysis.reporting import REPORT_ENTRIES, as_reported
from mapgap.analysis.stages import Progress
from mapgap.coco.detections import read_detections
from mapgap.coco.ground_truth import read_ground_truth
from mapgap.demo import demo_files, make_demo
from mapgap.report.embedded.crops import PagePictures
from mapgap.report.files import render_files
from mapgap.tables import Results

DEMO_STAGES = ("drawing", *REPORT_STAGES)
DEMO_MARKS = ("weaknesses.json", "report/summary.json")
"""What tells a demo from a data set of somebody's own that has a report beside it."""
DEMO_ENTRIES = (
    "gt.json",
    "detections.json",
    "later.json",
    "weaknesses.json",
    "images/[0-9][0-9][0-9][0-9].png",
    *(f"report/{name}" for name in REPORT_ENTRIES),
)


def write_demo(
    output: str | PathLike[str], *, seed: int = 0, progress: Progress | None = None
) -> tuple[Path, Analysis]:
    """The folder with pictures, gt.json, detections.json and report/, and the analysis the report shows.

    Written whole or not at all; a mapgap demo that is there already is replaced, any other folder raises AccessError.
    """
    require_writable(output, known=DEMO_ENTRIES, marks=DEMO_MARKS)
    if progress is not None:
        progress("drawing")
    made = make_demo(seed)
    data = dict(demo_files(made))
    ground_truth = replace(read_ground_truth(made.ground_truth, name="gt.json"), sha256=_sha256(data["gt.json"]))
    detections = replace(
        read_detections(made.detections, ground_truth, name="detections.json"),
        sha256=_sha256(data["detections.json"]),
    )
    analysis = analyze(ground_truth, detections, progress=progress)
    if progress is not None:
        progress("report")

    results = as_reported(analysis.results)

    def files() -> Iterator[tuple[str, bytes]]:
        yield from data.items()
        for name, content in render_files({"demo": results}, pictures=_pictures(results, data)):
            yield f"report/{name}", content

    return write_folder(output, files(), known=DEMO_ENTRIES, marks=DEMO_MARKS), analysis


def _pictures(results: Results, data: Mapping[str, bytes]) -> PagePictures | None:
    """What the page shows of the drawn pictures, which are no files yet."""
    with TemporaryDirectory() as folder:
        place = real_folder(folder)
        for name, content in data.items():
            if name.startswith("images/"):
                (place / Path(name).name).write_bytes(content)
        return pictures_of_runs([results], place, None)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
