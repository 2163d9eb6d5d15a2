"""What benchmarks/shards.py measured, as a table and as rates."""

from collections.abc import Sequence
from typing import Any

Record = dict[str, Any]
Table = tuple[Sequence[str], Sequence[Sequence[str]]]
EVALUATE, CLUSTER, MERGE, REPORT = "evaluate", "evaluate, 2 workers", "merge", "report"
ESTIMATED = (100_000_000, 10_000_000_000)
BYTES_A_ROW = 28
"""That the merge keeps of a detection: `ROW` of mapgap/shards/collecting.py."""


def shard_table(measured: Sequence[Record]) -> Table:
    """One row a run: what was run on how much, seconds, memory, detections a second of CPU."""
    header = ("", "detections", "from", "files", "MB", "wall s", "CPU s", "peak MiB", "detections a CPU second")
    rows = []
    for one in sorted(
        measured, key=lambda one: ([EVALUATE, CLUSTER, MERGE, REPORT].index(one["command"]), one["format"])
    ):
        cpu, peak = one.get("cpu"), one.get("peak")
        rows.append(
            (
                one["command"],
                f"{one['detections']:,}",
                one["format"],
                f"{one['files']:,}",
                f"{one['megabytes']:.1f}",
                f"{one['wall']:.2f}",
                "-" if cpu is None else f"{cpu:.2f}",
                "-" if peak is None else f"{peak:.0f}",
                "-" if cpu is None else f"{one['detections'] / cpu:,.0f}",
            )
        )
    return header, rows


def shard_rates(measured: Sequence[Record]) -> dict[str, float]:
    """What the two largest runs of each kind tell: detections a CPU second, and bytes of memory for one more."""
    rates = {}
    for command, format in ((EVALUATE, "parquet"), (EVALUATE, "json"), (REPORT, "parquet")):
        runs = sorted(
            (one for one in measured if (one["command"], one["format"]) == (command, format)),
            key=lambda one: one["detections"],
        )
        small, large = runs[-2:]
        more = large["detections"] - small["detections"]
        name = f"{command} {format}"
        rates[f"{name}: detections a CPU second"] = more / (large["cpu"] - small["cpu"])
        rates[f"{name}: bytes of memory a detection"] = (large["peak"] - small["peak"]) * (1 << 20) / more
        rates[f"{name}: bytes of input a detection"] = large["megabytes"] * 1e6 / large["detections"]
    for one in measured:
        if one["command"] == MERGE:
            rates["merge: rows a CPU second"] = one["detections"] / one["cpu"]
    return rates


def estimate_table(measured: Sequence[Record]) -> Table:
    """What larger runs need by these rates, if each detection goes on to cost the same."""
    rates = shard_rates(measured)
    header = ("detections", "Parquet GB", "reading, core hours", "merge, hours", "temporary GB", "report, GB of memory")
    rows = []
    for count in ESTIMATED:
        amounts = (
            count * rates["evaluate parquet: bytes of input a detection"] / 1e9,
            count / rates["evaluate parquet: detections a CPU second"] / 3600,
            count / rates["merge: rows a CPU second"] / 3600,
            count * BYTES_A_ROW / 1e9,
            count * rates["report parquet: bytes of memory a detection"] / 1e9,
        )
        rows.append((f"{count:,}", *(f"{amount:,.2g}" if amount < 1 else f"{amount:,.0f}" for amount in amounts)))
    return header, rows


def rate_table(measured: Sequence[Record]) -> Table:
    """The rates as rows."""
    return ("", ""), [(name, f"{value:,.0f}") for name, value in shard_rates(measured).items()]
