"""Everything the page's scripts are given: a manifest and the chunks its columns are in."""

from collections.abc import Mapping
from dataclasses import dataclass

from mapgap.report.embedded.columns import Chunk
from mapgap.report.embedded.run import MOST_ROWS, detection_rows, run_record
from mapgap.report.embedded.truth import object_rows, truth_record
from mapgap.report.json_values import Record
from mapgap.tables import CAUSES, Results


@dataclass(frozen=True)
class PageData:
    """What goes into the page beside what it says."""

    manifest: Record
    chunks: Mapping[str, str]
    """By name, base64 of gzip."""


def page_data(results: Results, most_rows: int = MOST_ROWS) -> PageData:
    """The tables of a run as the browser takes them; the same results give the same bytes.

    Beyond `most_rows` detections the false positives that score least are left out, and the manifest tells how many.
    """
    truth, run, boxes = Chunk("truth"), Chunk("run"), Chunk("boxes")
    objects = object_rows(results.ground_truth)
    rows = detection_rows(results, most_rows)
    manifest = {
        "version": 1,
        "causes": list(CAUSES),
        "truth": truth_record(results, objects, truth),
        "run": {
            "name": results.detections.name,
            "threshold": results.operating_point.score_threshold,
            **run_record(results, objects, rows, run, boxes),
        },
    }
    return PageData(manifest, {chunk.name: chunk.text() for chunk in (truth, run, boxes)})
