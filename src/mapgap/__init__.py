"""mapgap: why an object detector fails, where, what that costs and what to do.

`evaluate` gives COCO's numbers as pycocotools does; `analyze` divides the gap between AP and 1 among the errors, slices
it and ranks the failure modes; `compare` tells what changed between runs; `diagnose` tells what is wrong with the
inputs; `evaluate_shards` and `analyze_shards` take a run in many files, which `write_shards` makes; `read_table` reads
the report's tables back as DataFrames. `classification.evaluate` does for a plain classifier what the others do for a
detector; `convert` reads labels and results of other tools.
"""

from importlib import import_module

TYPE_CHECKING = False  # as type checkers know it, without the import of `typing`, which `mapgap evaluate` does without
if TYPE_CHECKING:
    from typing import Any

    from mapgap import classification, convert
    from mapgap.analysis.analysis import Analysis, analyze
    from mapgap.analysis.compare import ComparedRuns, compare
    from mapgap.analysis.doctor import Diagnosis, diagnose
    from mapgap.analysis.evaluation import Evaluation, evaluate
    from mapgap.analysis.runs import Runs, analyze_runs
    from mapgap.analysis.sharded import ReadShards, ShardedEvaluation, analyze_shards, evaluate_shards, read_shards
    from mapgap.errors import AccessError, InputError, MapgapError, ResourceError
    from mapgap.readings import Reading
    from mapgap.report.parquet import read_table
    from mapgap.shards.writing import write_shards

__version__ = "0.1.0"

_HOMES = {
    "Analysis": "mapgap.analysis.analysis",
    "ComparedRuns": "mapgap.analysis.compare",
    "Diagnosis": "mapgap.analysis.doctor",
    "Evaluation": "mapgap.analysis.evaluation",
    "Reading": "mapgap.readings",
    "ReadShards": "mapgap.analysis.sharded",
    "Runs": "mapgap.analysis.runs",
    "ShardedEvaluation": "mapgap.analysis.sharded",
    "analyze": "mapgap.analysis.analysis",
    "analyze_runs": "mapgap.analysis.runs",
    "analyze_shards": "mapgap.analysis.sharded",
    "compare": "mapgap.analysis.compare",
    "diagnose": "mapgap.analysis.doctor",
    "evaluate": "mapgap.analysis.evaluation",
    "evaluate_shards": "mapgap.analysis.sharded",
    "read_shards": "mapgap.analysis.sharded",
    "write_shards": "mapgap.shards.writing",
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
    "ReadShards",
    "Reading",
    "ResourceError",
    "Runs",
    "ShardedEvaluation",
    "__version__",
    "analyze",
    "analyze_runs",
    "analyze_shards",
    "classification",
    "compare",
    "convert",
    "diagnose",
    "evaluate",
    "evaluate_shards",
    "read_shards",
    "read_table",
    "write_shards",
]


def __getattr__(name: str) -> "Any":
    """Imports a public name when it is first used, so that `mapgap --help` need not import NumPy."""
    if name == "classification":
        return import_module("mapgap.classification")
    if name == "convert":
        return import_module("mapgap.convert")
    if name not in _HOMES:
        raise AttributeError(f"module 'mapgap' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
