"""Compares mapgap with pycocotools on random cases; prints a line a profile, and keeps every case that differs.

    python benchmarks/fuzz.py [PROFILE ...] [--cases N] [--seed S] [--folder DIR]

Failing cases are shrunk and written as JSON into the folder; what stays of them belongs into tests/fuzz_cases. Exit
code 1 on any difference. The profiles and what is compared: tests/fuzz_profiles.py and tests/fuzz_checks.py.
"""

import argparse
import sys
import time
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.fuzz_checks import differences, write_case
from tests.fuzz_profiles import PROFILES, make_case
from tests.fuzz_shrinking import shrink

MOST_KEPT = 10
"""Failing cases shrunk and kept a profile; the others are only counted."""


def main(arguments: list[str]) -> int:
    """Exit code 1 if any number, match or printed line differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("profiles", nargs="*", metavar="PROFILE", help=f"of {', '.join(PROFILES)}; all if left out")
    parser.add_argument("--cases", type=int, default=2000, help="cases a profile (default 2000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, default=Path("fuzz-failures"), help="where failing cases are kept")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.profiles) - set(PROFILES))
    if unknown:
        parser.error(f"no such profile: {', '.join(unknown)}")
    warnings.simplefilter("error")
    print(f"{'profile':15} {'cases':>7} {'differences':>11} {'seconds':>8}")
    failed = [fuzz(profile, options.cases, options.seed, options.folder) for profile in options.profiles or PROFILES]
    return int(sum(failed) > 0)


def fuzz(profile: str, cases: int, seed: int, folder: Path) -> int:
    """How many cases of one profile differ."""
    start, failed = time.monotonic(), 0
    for number in range(cases):
        found = differences(make_case(profile, seed, number))
        if found:
            failed += 1
            print(f"    {profile} seed {seed} case {number}: {found[0]}")
            if failed <= MOST_KEPT:
                keep(profile, seed, number, folder, found[0].partition(":")[0])
    print(f"{profile:15} {cases:7} {failed:11} {time.monotonic() - start:8.0f}", flush=True)
    return failed


def keep(profile: str, seed: int, number: int, folder: Path, check: str) -> None:
    """Shrinks a failing case as long as the same check fails, and writes it into the folder."""
    small = shrink(
        make_case(profile, seed, number),
        lambda case: any(line.startswith(check) for line in differences(case)),
    )
    folder.mkdir(parents=True, exist_ok=True)
    write_case(folder / f"{profile}_{seed}_{number}.json", small)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
