"""Writes reports/planted, the report on datasets/planted, or with --check says whether it is still what the code makes.

    python reports/make_planted.py
    python reports/make_planted.py --check

The check compares numbers to 1e-9, tables by their values, everything else as it is. Exit code 0: written, or no
difference; 1: drift.
"""

import argparse
import csv
import json
import re
import sys
import tempfile
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

import mapgap
from mapgap.report.files import FILE_NAMES

REPORT = Path(__file__).resolve().parent / "planted"
DATA = Path(__file__).resolve().parents[1] / "datasets" / "planted"
TOLERANCE = 1e-9
SHOWN = 5
LENGTH_SHOWN = 200
RESIDUAL = re.compile(r"(Here they are off by|residual of the gap) -?[0-9.]+e[-+][0-9]+")
"""What rounding leaves of the gap, in report.html and report.md: the one number there that holds nothing but noise."""


def write(folder: Path) -> None:
    """Writes the report folder."""
    mapgap.analyze(DATA / "gt.json", DATA / "detections.json").report(folder)


def drift(folder: Path) -> list[str]:
    """One line a difference between the folder and what the code makes, at most five a file."""
    with tempfile.TemporaryDirectory() as place:
        fresh = Path(place) / "report"
        write(fresh)
        found = []
        for name in FILE_NAMES:
            if (folder / name).is_file():
                found += file_drift(folder / name, fresh / name)
            else:
                found.append(f"{name}: missing")
    strangers = sorted(path.name for path in folder.iterdir() if path.name not in FILE_NAMES)
    return found + [f"{name}: does not belong here" for name in strangers]


def file_drift(stored: Path, fresh: Path) -> list[str]:
    """One line a difference between two files of one kind, at most five."""
    lines = [f"{stored.name}{line}" for line in differences(content(stored), content(fresh))]
    more = [f"{stored.name}: and {len(lines) - SHOWN} more differences"] if len(lines) > SHOWN else []
    return lines[:SHOWN] + more


def content(path: Path) -> Any:
    """What a file says: JSON as it is, tables as columns, text as lines."""
    if path.suffix == ".json":
        return json.loads(path.read_bytes())
    if path.suffix == ".parquet":
        frame = mapgap.read_table(path)
        return {name: column.astype(object).where(column.notna(), None).tolist() for name, column in frame.items()}
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            return [[_cell(cell) for cell in row] for row in csv.reader(file)]
    return RESIDUAL.sub(r"\1 noise", path.read_bytes().decode("utf-8")).split("\n")


def differences(stored: Any, fresh: Any) -> Iterator[str]:
    """The places where two documents differ, numbers by more than 1e-9, and what stands there."""
    if isinstance(stored, dict) and isinstance(fresh, dict):
        if list(stored) != list(fresh):
            yield f": has the keys {list(stored)}, the code makes {list(fresh)}"
            return
        for key in stored:
            yield from (f".{key}{line}" for line in differences(stored[key], fresh[key]))
    elif isinstance(stored, list) and isinstance(fresh, list):
        if len(stored) != len(fresh):
            yield f": has {len(stored)} entries, the code makes {len(fresh)}"
        for position, (one, other) in enumerate(zip_longest(stored, fresh)):
            if position < min(len(stored), len(fresh)):
                yield from (f"[{position}]{line}" for line in differences(one, other))
    elif not _is_equal(stored, fresh):
        yield f": is {shortened(stored)}, the code makes {shortened(fresh)}"


def shortened(value: Any) -> str:
    """A value as it fits a line: the beginning of a long one."""
    text = repr(value)
    return text if len(text) <= LENGTH_SHOWN else f"{text[:LENGTH_SHOWN]}..."


def _is_equal(stored: Any, fresh: Any) -> bool:
    if isinstance(stored, float) and isinstance(fresh, int | float) and not isinstance(fresh, bool):
        return abs(stored - fresh) <= TOLERANCE
    return type(stored) is type(fresh) and bool(stored == fresh)


def _cell(text: str) -> str | float:
    """A cell of a CSV file as a number where it is one."""
    try:
        return float(text)
    except ValueError:
        return text


def main() -> int:
    """Run the command line and give its exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if reports/planted drifted")
    if not parser.parse_args().check:
        write(REPORT)
        return 0
    found = drift(REPORT)
    sys.stdout.write("".join(f"{line}\n" for line in found) or "reports/planted is what the code makes\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
