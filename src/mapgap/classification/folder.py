"""The report folder of a classification: whole or not at all, and never in place of anything else."""

from collections.abc import Collection
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from mapgap.analysis.folder import require_writable, write_folder
from mapgap.classification.files import FILE_NAMES, render_files

if TYPE_CHECKING:
    from mapgap.classification.evaluation import Classification


def write_report(result: "Classification", output: str | PathLike[str], command: str | None = None) -> Path:
    """The folder's path, holding the report. Raises AccessError for a folder that is there and is no such report."""
    return write_folder(output, render_files(result, command), known=FILE_NAMES)


def require_report_writable(output: str | PathLike[str], inputs: Collection[str]) -> None:
    """Raises AccessError where `write_report` would refuse the folder, or would replace an input."""
    require_writable(output, known=FILE_NAMES, inputs=inputs)
