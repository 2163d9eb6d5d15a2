"""Wall time, CPU time and peak memory of whole processes."""

import os
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

GIB = 1 << 30


@dataclass(frozen=True)
class Run:
    """One process from start to end."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds of user and system time, of all its threads and children."""
    peak: float
    """Largest resident set, MiB."""
    output: str
    """What it printed to stdout."""


class RunFailedError(Exception):
    """A process that ended with something else than 0."""


def run(command: Sequence[str], memory_limit: float = 16) -> Run:
    """Runs a command to its end. Its address space is limited to `memory_limit` GiB.

    The peak that Linux reports for a child begins with that of the process that started it, so callers keep small:
    they import no NumPy. Raises RunFailedError with what the command wrote to stderr.
    """

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (int(memory_limit * GIB),) * 2)

    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        begin = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=errors, stdin=subprocess.DEVNULL, preexec_fn=limit)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if process.returncode != 0:
            last = errors.read().decode(errors="replace").strip().splitlines()[-1:]
            raise RunFailedError(f"ended with {process.returncode}: {''.join(last)}")
        text = output.read().decode(errors="replace")
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, text)


def available_memory() -> float:
    """GiB that new processes can have without swapping."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name == "MemAvailable":
            return int(rest.split()[0]) / (1 << 20)
    raise OSError("/proc/meminfo has no MemAvailable")


@dataclass(frozen=True)
class Summary:
    """Minimum and median of several runs."""

    runs: int
    wall: float
    wall_median: float
    cpu: float
    cpu_median: float
    peak: float
    peak_median: float


def summarize(runs: Sequence[Run]) -> Summary:
    """Rounded to 0.1 ms and 0.1 MiB."""
    wall, cpu = [one.wall for one in runs], [one.cpu for one in runs]
    peak = [one.peak for one in runs]
    return Summary(
        len(runs),
        round(min(wall), 4),
        round(statistics.median(wall), 4),
        round(min(cpu), 4),
        round(statistics.median(cpu), 4),
        round(min(peak), 1),
        round(statistics.median(peak), 1),
    )


def describe_machine() -> dict[str, str]:
    """Processor, cores, memory and kernel, as far as Linux tells."""
    processor = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            processor = line.partition(":")[2].strip()
            break
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": processor,
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{total / GIB:.0f} GiB",
        "system": f"{os.uname().sysname} {os.uname().release.split('-')[0]}",
    }
