"""What the page's script counts and lists: every sample, as gzip in base64, and a manifest it can read at once."""

import base64
import gzip
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mapgap.classification.headline import positive_text
from mapgap.classification.view import matrix_view
from mapgap.report.json_values import Record
from mapgap.report.wording import value_text

if TYPE_CHECKING:
    from mapgap.classification.evaluation import Classification

MOST_SAMPLES = 300_000
MOST_SCORES = 3_000_000
LIST_LENGTH = 200


@dataclass(frozen=True)
class PageData:
    """What the page carries beside its words."""

    manifest: Record
    chunk: str


def page_data(result: "Classification") -> PageData | None:
    """The samples for the script; None where there are too many for a page, which then has no script."""
    samples = result.samples
    if len(samples.truth) > MOST_SAMPLES:
        return None
    has_scores = samples.scores is not None and samples.scores.values.size <= MOST_SCORES
    manifest: Record = {
        "version": 1,
        "labels": [value_text(label) for label in samples.labels],
        "positive": samples.positive,
        "positive_text": None if samples.positive is None else positive_text(samples.labels[samples.positive]),
        "threshold": samples.threshold,
        "is_live": samples.positive_scores is not None and has_scores,
        "list_length": LIST_LENGTH,
        "line_of": list(matrix_view(result).line_of),
        "scored": list(samples.scores.classes) if samples.scores is not None and has_scores else [],
        "attributes": [{"name": a.name, "values": [value_text(v) for v in a.values]} for a in samples.attributes],
    }
    columns: Record = {
        "truth": samples.truth.tolist(),
        "prediction": samples.prediction.tolist(),
        "scores": samples.scores.values.T.tolist() if samples.scores is not None and has_scores else [],
        "ids": None if samples.ids is None else [value_text(one) for one in samples.ids],
        "codes": [attribute.codes.tolist() for attribute in samples.attributes],
    }
    text = json.dumps(columns, allow_nan=False, separators=(",", ":")).encode("ascii")
    return PageData(manifest, base64.b64encode(gzip.compress(text, 6, mtime=0)).decode("ascii"))
