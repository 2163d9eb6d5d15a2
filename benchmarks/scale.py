"""How `mapgap evaluate` grows from 10,000 to 10 million detections, and where its time goes.

    python benchmarks/scale.py --output scale.json --plot docs/images/scale.svg
    python benchmarks/tables.py scale.json docs/performance.md

Data is generated, 100 detections and 7.4 objects an image, 80 classes. The largest files take 1.2 GB of disk. The
profile is taken on COCO's size: 5,000 images with polygons, 500,000 detections. Runs on Linux. Nothing else should run
meanwhile.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from contenders import MAPGAP
from environments import default_environments, ensure_environment, versions
from floor import measure_floor
from measuring import available_memory, describe_machine, run, summarize
from plot import Line, Panel, draw
from sizes import SIZES, default_cache, ensure_files, growing_size
from tables import floor_table, growth_table, plain

COUNTS = (10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000)
GIB_PER_GB = 4
"""Memory that must be free for each GB of files."""

Record = dict[str, Any]


def main() -> int:
    """Exit code 3 if memory does not suffice for a size."""
    given = parse()
    environment = given.environments / MAPGAP.name
    ensure_environment(environment, MAPGAP.steps, upgrade=False)
    results: Record = {"machine": describe_machine(), "python": sys.version.split()[0]}
    results["versions"] = {MAPGAP.name: versions(environment, MAPGAP.packages)}
    results["growth"] = []
    for count in (count for count in COUNTS if count <= given.most):
        grown = measure_growth(count, given)
        if grown is None:
            print(f"{count:,} detections are left out: too little memory is free", file=sys.stderr)
            return 3
        results["growth"].append(grown)
    print("\n".join(plain(*growth_table(results["growth"]))))
    results["floor"] = measure_floor(ensure_files(SIZES[given.profile], given.cache), environment, given.rounds)
    print("\n" + "\n".join(plain(*floor_table(results["floor"]))))
    if given.output is not None:
        given.output.write_text(json.dumps(results, indent=1) + "\n")
    if given.plot is not None:
        given.plot.write_text(plot_growth(results["growth"]), encoding="utf-8")
    return 0


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--most", type=int, default=COUNTS[-1], metavar="N", help="the largest number of detections")
    add("--rounds", type=int, default=3, help="runs of each size, 3 if left out")
    add("--profile", choices=list(SIZES), default="medium", help="size of the profile, medium if left out")
    add("--cache", type=Path, default=default_cache(), metavar="DIR", help="folder of generated files")
    add("--environments", type=Path, default=default_environments(), metavar="DIR", help="folder of environments")
    add("--output", type=Path, metavar="FILE", help="write the results there as JSON")
    add("--plot", type=Path, metavar="FILE", help="write the plot there as SVG")
    return parser.parse_args()


def measure_growth(count: int, given: argparse.Namespace) -> Record | None:
    """Summary of the runs at one number of detections; None if too little memory is free."""
    size = growing_size(count)
    files = ensure_files(size, given.cache)
    if available_memory() < GIB_PER_GB * files.megabytes / 1000:
        return None
    mapgap = str(given.environments / MAPGAP.name / "bin" / "mapgap")
    command = [mapgap, "evaluate", str(files.ground_truth), str(files.detections)]
    summary = summarize([run(command) for _ in range(given.rounds)])
    return {**asdict(size), "megabytes": round(files.megabytes, 1), **asdict(summary)}


def plot_growth(growth: list[Record]) -> str:
    """Seconds in one panel, memory in the other, both over detections."""

    def line(name: str, key: str) -> Line:
        return Line(name, [(one["detections"], one[key]) for one in growth])

    panels = [
        Panel("Time", "detections", "seconds", [line("wall time", "wall"), line("CPU time", "cpu")]),
        Panel("Peak memory", "detections", "MiB", [line("memory", "peak")]),
    ]
    return draw(panels, "Time and memory of mapgap evaluate over the number of detections")


if __name__ == "__main__":
    sys.exit(main())
