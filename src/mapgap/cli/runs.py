"""What commands with several runs say of them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from mapgap.cli.output import print_warnings

if TYPE_CHECKING:
    from mapgap.analysis.analysis import Analysis


def warn_of_runs(analyses: "Mapping[str, Analysis]") -> None:
    """The warnings of the first run, and those of others that it has not, behind the name of their run."""
    first, *others = analyses.items()
    print_warnings(first[1].results.notices)
    for name, analysis in others:
        new = [notice for notice in analysis.results.notices if notice not in first[1].results.notices]
        print_warnings([replace(notice, message=f"{name}: {notice.message}") for notice in new])
