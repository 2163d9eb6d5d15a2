"""What a conversion gives: the content of a COCO file, and what has to be known about how it came about."""

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from mapgap.analysis.whole_file import write_file
from mapgap.report.json_files import json_bytes
from mapgap.tables import Notice


@dataclass(frozen=True)
class Converted:
    """Ground truth or detections, as `mapgap.evaluate` takes them in Python and every command as a file."""

    record: dict[str, Any] | list[dict[str, Any]]
    """Ground truth: an object with images, annotations and categories. Detections: a list of results."""
    notices: tuple[Notice, ...] = ()
    """What was left out or could not be known."""

    def write(self, path: str | PathLike[str]) -> Path:
        """Writes the JSON file, whole or not at all; a file there is replaced. AccessError if it cannot be written."""
        target = Path(path)
        write_file(target, json_bytes(self.record))
        return target
