"""How `mapgap evaluate --shards` and `mapgap report --shards` grow from 10,000 to 100 million detections.

    python benchmarks/shards.py --output shards.json --plot docs/images/shards.svg
    python benchmarks/tables.py shards.json docs/scale.md

Data is generated, 100 detections and 7.4 objects an image, 80 classes, in shards of 1,000 images: ground truth as JSON,
detections as Parquet or JSON. The largest folder takes 3.7 GB of disk; of 100 million detections there is Parquet only.
The cluster is two local workers with a thread each. The analysis is run up to `--most-report` detections, as its memory
grows with them. Runs on Linux. Nothing else should run meanwhile.
"""

import argparse
import json
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from measuring import describe_machine, run, summarize
from plot import Line, Panel, draw
from shard_tables import shard_table
from sizes import default_cache, read_once
from tables import plain

import mapgap

COUNTS = (10_000, 100_000, 1_000_000, 10_000_000, 100_000_000)
MOST_OF_ALL_KINDS = 10_000_000
"""Above, one thing is measured, once."""
MOST_REPORT = 1_000_000
Record = dict[str, Any]


def main() -> int:
    """Measures, prints and writes."""
    given = parse()
    results: Record = {"machine": describe_machine(), "python": sys.version.split()[0], "shards": []}
    results["versions"] = {"mapgap": {"mapgap": mapgap.__version__}}
    for count in (count for count in COUNTS if count <= given.most):
        is_huge = count > MOST_OF_ALL_KINDS
        for format in ("parquet",) if is_huge else ("parquet", "json"):
            folder = ensure_shards(count, format, given.cache)
            rounds = 1 if count >= MOST_OF_ALL_KINDS else given.rounds
            results["shards"].append(measure("evaluate", count, format, folder, rounds, given.mapgap))
            if format == "parquet" and not is_huge:
                results["shards"].append(measure_cluster(count, folder, given.mapgap))
                if count <= given.most_report:
                    results["shards"].append(measure("report", count, format, folder, 1, given.mapgap))
    results["shards"].append(measure_merge(min(given.most, MOST_OF_ALL_KINDS), given.mapgap))
    print("\n".join(plain(*shard_table(results["shards"]))))
    if given.output is not None:
        given.output.write_text(json.dumps(results, indent=1) + "\n")
    if given.plot is not None:
        given.plot.write_text(plot_growth(results["shards"]), encoding="utf-8")
    return 0


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--most", type=int, default=COUNTS[-1], metavar="N", help="the largest number of detections")
    add("--most-report", type=int, default=MOST_REPORT, metavar="N", help="the largest number to report on")
    add("--rounds", type=int, default=3, help="runs of each size but the largest, 3 if left out")
    add("--mapgap", type=Path, default=Path(sys.executable).with_name("mapgap"), help="the command to measure")
    add("--cache", type=Path, default=default_cache(), metavar="DIR", help="folder of generated files")
    add("--output", type=Path, metavar="FILE", help="write the results there as JSON")
    add("--plot", type=Path, metavar="FILE", help="write the plot there as SVG")
    return parser.parse_args()


def ensure_shards(count: int, format: str, cache: Path) -> Path:
    """The folder of so many detections, made in a process of its own if the cache has none; then read once."""
    folder = cache / f"shards-{count}-{format}"
    if not folder.exists():
        print(f"generating {folder}", file=sys.stderr)
        script = Path(__file__).with_name("shard_scenes.py")
        command = [sys.executable, str(script), str(folder), f"--detections={count}", f"--format={format}"]
        subprocess.run(command, check=True)
    for path in folder.iterdir():
        read_once(path)
    return folder


def measure(command: str, count: int, format: str, folder: Path, rounds: int, mapgap: Path) -> Record:
    """One command on one folder."""
    words = [str(mapgap), command, "--shards", str(folder)]
    if command == "report":
        words += ["-o", str(folder.with_name(f"{folder.name}-report"))]
    summary = summarize([run(words, memory_limit=24) for _ in range(rounds)])
    return {"command": command, "detections": count, "format": format, **_sizes(folder), **asdict(summary)}


def measure_cluster(count: int, folder: Path, mapgap: Path) -> Record:
    """`evaluate` with two workers on this machine; wall time only, as the work is done in other processes."""
    script = (
        "import sys, time\n"
        "from distributed import Client, LocalCluster\n"
        "import mapgap\n"
        "if __name__ == '__main__':\n"
        "    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:\n"
        "        with Client(cluster) as client:\n"
        "            client.run(__import__, 'mapgap.analysis.sharded')\n"
        "            begin = time.perf_counter()\n"
        "            mapgap.evaluate_shards(sys.argv[1], client=client)\n"
        "            print(time.perf_counter() - begin)\n"
    )
    path = folder.with_name("cluster.py")
    path.write_text(script)
    done = subprocess.run(
        [str(mapgap.with_name("python")), str(path), str(folder)], check=True, capture_output=True, text=True
    )
    wall = float(done.stdout.split()[-1])
    time.sleep(1)
    return {"command": "evaluate, 2 workers", "detections": count, "format": "parquet", "wall": wall, **_sizes(folder)}


def measure_merge(count: int, mapgap: Path) -> Record:
    """What is done in one place whatever reads the shards: rows collected and accumulated."""
    script = Path(__file__).with_name("shard_merge.py")
    done = run([str(mapgap.with_name("python")), str(script), str(count)])
    wall, cpu = map(float, done.output.split())
    sizes = {"files": 0, "megabytes": 0.0}
    return {
        "command": "merge",
        "detections": count,
        "format": "rows",
        "wall": wall,
        "cpu": cpu,
        "peak": done.peak,
        **sizes,
    }


def _sizes(folder: Path) -> Record:
    paths = list(folder.iterdir())
    return {"files": len(paths), "megabytes": round(sum(path.stat().st_size for path in paths) / 1e6, 1)}


def plot_growth(measured: list[Record]) -> str:
    """CPU seconds in one panel, memory in the other, both over detections."""

    def line(name: str, command: str, format: str, key: str) -> Line:
        rows = [one for one in measured if (one["command"], one["format"]) == (command, format)]
        return Line(name, [(one["detections"], one[key]) for one in rows])

    lines = [("evaluate", "evaluate", "parquet"), ("from JSON", "evaluate", "json"), ("report", "report", "parquet")]
    panels = [
        Panel("Time", "detections", "CPU seconds", [line(*one, "cpu") for one in lines]),
        Panel("Peak memory", "detections", "MiB", [line(*one, "peak") for one in lines]),
    ]
    return draw(panels, "CPU time and memory of mapgap evaluate and mapgap report on shards over the detections")


if __name__ == "__main__":
    sys.exit(main())
