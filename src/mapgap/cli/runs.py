"""What commands with several runs say of them."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from mapgap.cli.output import print_warnings

if TYPE_CHECKING:
    from mapgap.analysis.analysis import Analysis
    from mapgap.tables import Notice


def warn_of_runs(analyses: "Mapping[str, Analysis]", told: "Collection[Notice]" = ()) -> None:
    """The warnings that all runs share, then those of single ones behind the name of their run; none of `told`."""
    of_runs = {
        name: [notice for notice in analysis.results.notices if notice not in told]
        for name, analysis in analyses.items()
    }
    first = next(iter(of_runs.values()))
    shared = [notice for notice in first if all(notice in notices for notices in of_runs.values())]
    print_warnings(shared)
    for name, notices in of_runs.items():
        own = [notice for notice in notices if notice not in shared]
        print_warnings([replace(notice, message=f"{name}: {notice.message}") for notice in own])
