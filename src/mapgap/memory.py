"""How much memory is free, and whether that is enough: told before it is taken.

No NumPy here: `mapgap evaluate` does without it.
"""

import sys

from mapgap.errors import ResourceError

CGROUP_FILES = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)
"""Limit and use of the container, as version 2 and version 1 of cgroups tell them."""
MEGABYTE = 1 << 20


def free_memory() -> int:
    """Bytes that this process may still take: of the machine, its container, the limit on its addresses; 0 or more."""
    free = [_available_on_machine(), *_available_in_container()]
    addresses = free_addresses()
    return max(0, min([*free, sys.maxsize if addresses is None else addresses]))


def free_addresses() -> int | None:
    """Bytes of addresses left under `ulimit -v`; None where there is no such limit."""
    import resource

    most = resource.getrlimit(resource.RLIMIT_AS)[0]
    if most == resource.RLIM_INFINITY:
        return None
    with open("/proc/self/statm", "rb") as file:
        return most - int(file.read().split()[0]) * resource.getpagesize()


def require_memory(needed: int, what: str, way_out: str) -> None:
    """ResourceError, with both numbers and the way out, where less than `needed` bytes are free."""
    free = free_memory()
    if free < needed:
        raise ResourceError(f"{what} takes some {in_words(needed)} of memory, and {in_words(free)} are free. {way_out}")


def require_addresses(needed: int, what: str) -> None:
    """ResourceError where a limit leaves fewer addresses; libraries die of that, and cannot be asked to."""
    free = free_addresses()
    if free is not None and free < needed:
        raise ResourceError(
            f"{what} takes some {in_words(needed)} of address space, and the limit leaves {in_words(max(0, free))}. "
            "Raise it (ulimit -v)"
        )


def in_words(count: int) -> str:
    """Bytes as people read them: 380 MB, 2.4 GB."""
    megabytes = count / MEGABYTE
    return f"{megabytes:,.0f} MB" if megabytes < 1000 else f"{megabytes / 1024:,.1f} GB"


def _available_on_machine() -> int:
    try:
        with open("/proc/meminfo", "rb") as file:
            lines = dict(line.split(b":", 1) for line in file)
        return int(lines[b"MemAvailable"].split()[0]) << 10
    except (OSError, KeyError, ValueError):  # another system, which answers for itself
        return sys.maxsize


def _available_in_container() -> list[int]:
    for limit, used in CGROUP_FILES:
        try:
            with open(limit, "rb") as one, open(used, "rb") as other:
                return [int(one.read()) - int(other.read())]
        except (OSError, ValueError):  # another version, or "max"
            continue
    return []
