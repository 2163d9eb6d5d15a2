"""What `Analysis.report` gives back: a report that a notebook shows by itself."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mapgap.report.notebook import notebook_html

if TYPE_CHECKING:
    PlainPath = Path
else:
    PlainPath = type(Path())  # Python 3.11 cannot make a subclass of Path itself


@dataclass(frozen=True, repr=False)
class ShownReport:
    """A report that was written nowhere; a notebook shows it where it is the last value of a cell."""

    page: str
    """report.html as text."""
    summary: dict[str, Any]

    def __repr__(self) -> str:
        return 'a mapgap report, for notebooks; report("FOLDER") writes it'

    def _repr_html_(self) -> str:
        """The page in a sandboxed frame, or its first words where it is too large."""
        return str(notebook_html(self.page, self.summary))


class ReportFolder(PlainPath):
    """The path of a report folder; a notebook shows the report in it as it is at that moment."""

    def _repr_html_(self) -> str | None:
        """The page in a sandboxed frame, or its first words and a link; None where the folder holds no report."""
        page = self / "report.html"
        try:
            summary = json.loads((self / "summary.json").read_bytes())
            # Line ends as they are, so that the hash of the script stays right.
            text = page.read_bytes().decode("utf-8")
        except (OSError, ValueError):  # a path below the folder, or a folder that is gone
            return None
        return str(notebook_html(text, summary, Path(os.path.relpath(page)).as_posix()))
