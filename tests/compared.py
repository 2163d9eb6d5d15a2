"""The comparison of runs as a report shows it."""

from collections.abc import Mapping

from mapgap.analysis.comparing import compare_results
from mapgap.report.compared_view import ComparedView, compared_view
from mapgap.tables import Results


def compared_of(runs: Mapping[str, Results]) -> ComparedView | None:
    """The view of these runs; None for a single one."""
    return compared_view(compare_results(runs), runs) if len(runs) > 1 else None
