"""Everything the page's scripts are given: a manifest and the chunks its columns are in."""

from collections.abc import Mapping
from dataclasses import dataclass

from mapgap.error_costs import read_costs
from mapgap.report.embedded.columns import Chunk
from mapgap.report.embedded.crops import PagePictures, crops_chunks
from mapgap.report.embedded.found_by import with_found_by
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


def page_data(
    runs: Mapping[str, Results], most_rows: int = MOST_ROWS, pictures: PagePictures | None = None
) -> PageData:
    """The tables of one or several runs, and crops, as the browser takes them; the same input gives the same bytes.

    Beyond `most_rows` detections of a run the false positives that score least are left out, and the manifest tells
    how many. Raises ValueError for runs on different ground truth.
    """
    truth = Chunk("truth")
    ground_truth = next(iter(runs.values())).ground_truth
    if any(results.ground_truth is not ground_truth for results in runs.values()):
        raise ValueError("the runs have different ground truth")
    runs, found_by = with_found_by(runs)
    objects = object_rows(ground_truth)
    about_truth = truth_record(tuple(runs.values()), objects, truth)
    chunks, about_runs = [truth], []
    for place, (name, results) in enumerate(runs.items()):
        run, boxes = Chunk(f"run-{place}"), Chunk(f"boxes-{place}")
        rows = detection_rows(results, most_rows)
        record = run_record(results, objects, rows, run, boxes)
        about_runs.append({"name": name, "threshold": results.operating_point.score_threshold, **record})
        chunks += [run, boxes]
    manifest: Record = {
        "version": 1,
        "causes": list(CAUSES),
        "costs": costs_record(next(iter(runs.values()))),
        "truth": about_truth,
        "runs": about_runs,
        "found_by": found_by,
    }
    texts = {chunk.name: chunk.text() for chunk in chunks}
    if pictures is not None:
        manifest["crops"], crops = crops_chunks(pictures)
        texts |= crops
    return PageData(manifest, texts)


def costs_record(results: Results) -> Record | None:
    """What an error costs by cause: a number, or one a class where they differ; None where no costs were given."""
    by_cause = read_costs(results.settings.costs, results.ground_truth.categories)
    costs = {cause: costs.tolist() for cause, costs in by_cause.items()}
    return {cause: c[0] if len(set(c)) == 1 else c for cause, c in costs.items()} or None
