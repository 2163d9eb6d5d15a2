"""Where the time of mapgap goes, against what nobody can avoid: reading the bytes, starting Python, importing NumPy."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from environments import python_of
from measuring import run, summarize
from sizes import Files, read_once

Record = dict[str, Any]


def measure_floor(files: Files, environment: Path, rounds: int) -> list[Record]:
    """One row a step: wall and CPU seconds (minima of the rounds), peak MiB where the step is a process.

    The last rows are the stages of TIDE, confusion matrix and 50 slices together, inside one process.
    """
    pair = (str(files.ground_truth), str(files.detections))
    python, mapgap = python_of(environment), str(environment / "bin" / "mapgap")
    return [
        _reading(files, rounds),
        _process("start Python", [python, "-c", "pass"], rounds),
        _process("start Python, import NumPy", [python, "-c", "import numpy"], rounds),
        _process("mapgap --help", [mapgap, "--help"], rounds),
        _process("mapgap evaluate", [mapgap, "evaluate", *pair], rounds),
        *_stages([python, str(Path(__file__).parent / "runners" / "run_mapgap.py"), "stages", *pair], rounds),
    ]


def _reading(files: Files, rounds: int) -> Record:
    """Reading both files from the page cache, into a buffer of a megabyte."""
    taken = []
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        read_once(files.ground_truth)
        read_once(files.detections)
        taken.append((time.perf_counter() - wall, time.process_time() - cpu))
    step = f"read the {files.megabytes:.0f} MB once"
    return {"step": step, "wall": min(w for w, _ in taken), "cpu": min(c for _, c in taken), "peak": None}


def _process(step: str, command: Sequence[str], rounds: int) -> Record:
    summary = summarize([run(command) for _ in range(rounds)])
    return {"step": step, "wall": summary.wall, "cpu": summary.cpu, "peak": summary.peak}


def _stages(command: Sequence[str], rounds: int) -> list[Record]:
    taken = [json.loads(run(command).output.splitlines()[-1]) for _ in range(rounds)]
    return [
        {
            "step": f"analysis: {stage}",
            "wall": min(one[stage][1] for one in taken),
            "cpu": min(one[stage][0] for one in taken),
            "peak": None,
        }
        for stage in taken[0]
    ]
