"""mapgap beside its peers: whole processes, from files to results, each in an environment of its own.

    python benchmarks/peers.py --sizes small,medium --rounds 5 --output results.json
    python benchmarks/tables.py results.json docs/performance.md README.md

Measures wall time, CPU time and peak memory, in rounds in which each contender has one turn; checks that all 12 numbers
agree; prints tables, and ratios of mapgap to the best peer (minima of the rounds). Runs on Linux. Nothing else should
run meanwhile. Packages come from the registry that pip uses.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from comparing import differences, largest_difference, ratios, read_result
from contenders import MAPGAP, NUMBERS, PEERS, TASKS, TIDE, TOGETHER, Contender, Peer, contenders
from environments import default_environments, ensure_environment, versions
from measuring import Run, RunFailedError, available_memory, describe_machine, run, summarize
from sizes import SIZES, Files, default_cache, ensure_files
from tables import contest_lines

GIB_PER_GB = 8
"""Memory that must be free for each GB of files: what the most wasteful of the fast peers takes, and a little more."""


@dataclass(frozen=True)
class Options:
    """What the command line says of how to measure."""

    rounds: int
    slow: float
    memory_limit: float
    environments: Path


def main() -> int:
    """Exit code 1 if numbers differ."""
    given = parse()
    chosen = [peer for peer in PEERS if peer is MAPGAP or given.peers is None or peer.name in given.peers]
    options = Options(given.rounds, given.slow, given.memory_limit, given.environments)
    for peer in chosen:
        ensure_environment(given.environments / peer.name, peer.steps, upgrade=given.upgrade)
    told = {peer.name: versions(given.environments / peer.name, peer.packages) for peer in chosen}
    results: dict[str, Any] = {"machine": describe_machine(), "python": sys.version.split()[0], "versions": told}
    for name, packages in told.items():
        print(f"{name}: " + ", ".join(f"{package} {version}" for package, version in packages.items()))
    results["contests"] = []
    for size in given.sizes:
        files = ensure_files(SIZES[size], given.cache)
        able = [peer for peer in chosen if may_take_part(peer, size, given.peers)]
        for task in given.tasks:
            contest = hold(size, task, able, files, options)
            results["contests"].append(contest)
            print("\n" + "\n".join(contest_lines(contest)), flush=True)
            if given.output is not None:
                given.output.write_text(json.dumps(results, indent=1) + "\n")
    return int(any(contest.get("differences") for contest in results["contests"]))


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add(
        "--sizes",
        type=names(SIZES),
        default=["small", "medium"],
        help=f"of {', '.join(SIZES)}; small,medium if left out",
    )
    known = [peer.name for peer in PEERS]
    add(
        "--peers",
        type=names(known),
        help=f"of {', '.join(known)}; all if left out, without the slow ones at large sizes",
    )
    add("--tasks", type=names(TASKS), default=list(TASKS), help=f"of {', '.join(TASKS)}; all if left out")
    add("--rounds", type=int, default=5, help="turns of each contender, 5 if left out")
    add("--slow", type=float, default=20, metavar="SECONDS", help="who takes longer than that has one turn only")
    add("--memory-limit", type=float, default=16, metavar="GIB", help="address space of one process")
    add("--cache", type=Path, default=default_cache(), metavar="DIR", help="folder of generated files")
    add("--environments", type=Path, default=default_environments(), metavar="DIR", help="folder of environments")
    add("--upgrade", action="store_true", help="make all environments anew, from the latest versions")
    add("--output", type=Path, metavar="FILE", help="write the results there as JSON, after each table")
    return parser.parse_args()


def names(known: Sequence[str] | Mapping[str, Any]) -> Any:
    """A reader of comma-separated names."""

    def read(text: str) -> list[str]:
        wanted = text.split(",")
        if unknown := set(wanted) - set(known):
            raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}: not one of {', '.join(known)}")
        return wanted

    return read


def may_take_part(peer: Peer, size: str, asked_for: Sequence[str] | None) -> bool:
    """Whether a peer is measured at a size: those asked for are, others only where that does not take too long."""
    if asked_for is not None:
        return peer is MAPGAP or peer.name in asked_for
    return peer.most_detections is None or SIZES[size].detections <= peer.most_detections


def hold(size: str, task: str, peers: Sequence[Peer], files: Files, options: Options) -> dict[str, Any]:
    """One task at one size: all runs, what they found, and how they compare.

    "together" is mapgap's, and the others in it do TIDE alone.
    """
    field = [
        contender
        for peer in peers
        for contender in contenders(
            peer, TIDE if task == TOGETHER and peer is not MAPGAP else task, files, options.environments
        )
    ]
    contest: dict[str, Any] = {
        "size": size,
        "task": task,
        "megabytes": round(files.megabytes, 1),
        **asdict(SIZES[size]),
        "failed": {},
    }
    runs = measure(field, files, options, contest["failed"])
    summaries = {name: summarize(taken) for name, taken in runs.items()}
    contest["summaries"] = {name: asdict(summary) for name, summary in summaries.items()}
    contest["runs"] = {
        name: [{"wall": one.wall, "cpu": one.cpu, "peak": one.peak} for one in taken] for name, taken in runs.items()
    }
    contest["results"] = dict(results_of(field, runs, options))
    if task == NUMBERS and summaries:
        reference = min(summaries, key=lambda name: (name != "pycocotools", name.startswith("mapgap")))
        contest["reference"] = reference
        contest["differences"] = differences(contest["results"], reference)
        contest["largest_difference"] = largest_difference(contest["results"], reference)
    ours = {name: summary for name, summary in summaries.items() if name.startswith("mapgap")}
    others = {name: summary for name, summary in summaries.items() if name not in ours}
    if others:
        contest["ratios"] = {name: ratios(summary, others) for name, summary in ours.items()}
    return contest


def measure(field: Sequence[Contender], files: Files, options: Options, failed: dict[str, str]) -> dict[str, list[Run]]:
    """One list of runs a contender, taken in turns; who fails, or finds too little memory, is noted in `failed`."""
    runs: dict[str, list[Run]] = {}
    needed = GIB_PER_GB * files.megabytes / 1000
    for turn in range(options.rounds):
        for contender in field:
            taken = runs.get(contender.name, [])
            if contender.name in failed or (taken and taken[0].wall > options.slow):
                continue
            if available_memory() < needed:
                failed[contender.name] = f"left out: less than {needed:.1f} GiB of memory were free"
                continue
            try:
                one = run(contender.command, options.memory_limit)
            except RunFailedError as error:
                failed[contender.name] = str(error)
                continue
            runs.setdefault(contender.name, []).append(one)
            print(
                f"  {turn + 1} {contender.name:22} {one.wall:8.3f} s {one.cpu:8.3f} s {one.peak:8.0f} MiB",
                file=sys.stderr,
            )
    return {name: taken for name, taken in runs.items() if name not in failed}


def results_of(
    field: Sequence[Contender], runs: Mapping[str, Sequence[Run]], options: Options
) -> Iterator[tuple[str, Any]]:
    """What each contender found; a separate run where the measured command prints rounded numbers."""
    for contender in field:
        if contender.name in runs:
            is_same = contender.check == contender.command
            one = runs[contender.name][0] if is_same else run(contender.check, options.memory_limit)
            yield contender.name, read_result(one.output)


if __name__ == "__main__":
    sys.exit(main())
