"""What commands with several runs say of them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from mapgap.cli.output import print_warnings

if TYPE_CHECKING:
    from mapgap.analysis.analysis import Analysis


def warn_of_runs(analyses: "Mapping[str, Analysis]") -> None:
    """The warnings that all runs share, then those of single ones behind the name of their run."""
    of_runs = {name: analysis.results.notices for name, analysis in analyses.items()}
    first = next(iter(of_runs.values()))
    shared = [notice for notice in first if all(notice in notices for notices in of_runs.values())]
    print_warnings(shared)
    for name, notices in of_runs.items():
        own = [notice for notice in notices if notice not in shared]
        print_warnings([replace(notice, message=f"{name}: {notice.message}") for notice in own])
