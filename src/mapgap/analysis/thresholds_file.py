"""Score thresholds one a class, as a caller hands them in."""

from collections.abc import Mapping
from os import PathLike
from typing import Any

from mapgap.coco.sources import is_path, read_json_text
from mapgap.errors import InputError
from mapgap.tables import Settings
from mapgap.thresholds import GivenThresholds, parse_thresholds, thresholds_of_mapping

ThresholdsSource = str | PathLike[str] | Mapping[str, Any]
"""A JSON file as `mapgap thresholds` writes it or of class names and scores, or what it holds."""


def read_thresholds(source: ThresholdsSource, score_threshold: float | str) -> GivenThresholds:
    """The thresholds of a file or a mapping; InputError for those without a meaning, and next to a rule for one.

    AccessError if the file cannot be read.
    """
    if score_threshold != Settings.score_threshold:
        fix = "Leave one of the two out"
        raise InputError(f"thresholds one a class and the score threshold {score_threshold!r} for all", fix=fix)
    if not is_path(source):
        return thresholds_of_mapping(source)
    content = read_json_text(source, None)  # type: ignore[arg-type]
    return parse_thresholds(content.text, content.name, content.sha256)
