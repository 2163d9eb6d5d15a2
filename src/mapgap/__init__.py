"""mapgap: why an object detector fails, where, what that costs and what to do.

`evaluate` gives COCO's numbers as pycocotools does; `analyze` divides the gap between AP and 1 among the errors, slices
it and ranks the failure modes; `compare` tells what changed between runs; `diagnose` tells what is wrong with the
inputs; `read_table` reads the report's tables back as DataFrames. `classification.evaluate` does for a plain classifier
what the others do for a detector.
"""

from importlib import import_module

TYPE_CHECKING = False  # as type checkers know it, without the import of `typing`, which `mapgap evaluate` does without
if TYPE_CHECKING:
    from typing import Any

    from mapgap import classification
    from mapgap.analysis.analysis import Analysis, analyze
    from mapgap.analysis.compare import ComparedRuns, compare
    from mapgap.analysis.doctor import Diagnosis, diagnose
    from mapgap.analysis.evaluation import Evaluation, evaluate
    from mapgap.analysis.runs import Runs, analyze_runs
    from mapgap.errors import AccessError, InputError, MapgapError, ResourceError
    from mapgap.readings import Reading
    from mapgap.report.parquet import read_table

__version__ = "0.1.0"

_HOMES = {
    "Analysis": "mapgap.analysis.analysis",
    "ComparedRuns": "mapgap.analysis.compare",
    "Diagnosis": "mapgap.analysis.doctor",
    "Evaluation": "mapgap.analysis.evaluation",
    "Reading": "mapgap.readings",
    "Runs": "mapgap.analysis.runs",
    "analyze": "mapgap.analysis.analysis",
    "analyze_runs": "mapgap.analysis.runs",
    "compare": "mapgap.analysis.compare",
    "diagnose": "mapgap.analysis.doctor",
    "evaluate": "mapgap.analysis.evaluation",
    "AccessError": "mapgap.errors",
    "InputError": "mapgap.errors",
    "MapgapError": "mapgap.errors",
    "ResourceError": "mapgap.errors",
    "read_table": "mapgap.report.parquet",
}

__all__ = [
    "AccessError",
    "Analysis",
    "ComparedRuns",
    "Diagnosis",
    "Evaluation",
    "InputError",
    "MapgapError",
    "Reading",
    "ResourceError",
    "Runs",
    "__version__",
    "analyze",
    "analyze_runs",
    "classification",
    "compare",
    "diagnose",
    "evaluate",
    "read_table",
]


def __getattr__(name: str) -> "Any":
    """Imports a public name when it is first used, so that `mapgap --help` need not import NumPy."""
    if name == "classification":
        return import_module("mapgap.classification")
    if name not in _HOMES:
        raise AttributeError(f"module 'mapgap' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
