"""Which small mistakes in matching, accumulation, causes and gap the tests would not notice.

    python benchmarks/mutants.py [--only TEXT] [--sample N] [--seed S] [--seconds LIMIT] [--output FILE.jsonl]

Changes one comparison, one +1 or -1, or one constant that is compared, at a time, in a copy of the repository, and
runs the tests of the room. Survivors are printed; with --output a run that was broken off goes on where it ended. Needs
what a build needs; the kernel is built once, then only the file that changed. A test that runs out of time counts as
killed.
"""

import argparse
import ast
import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
MATCHING = ("test_matching.py", "test_numbers.py", "test_kernel.py", "test_tide.py", "test_compat.py")
TESTS = {
    "src/kernel/greedy.h": MATCHING,
    "src/kernel/match.cpp": MATCHING,
    "src/kernel/pairs.cpp": MATCHING,
    "src/kernel/hits.h": (*MATCHING, "test_gap.py"),
    "src/kernel/curve.h": (*MATCHING, "test_gap.py"),
    "src/kernel/accumulate.cpp": MATCHING,
    "src/kernel/outcomes.cpp": MATCHING,
    "src/kernel/order.cpp": ("test_kernel_orders.py", *MATCHING),
    "src/kernel/order.h": ("test_kernel_orders.py", *MATCHING),
    "src/kernel/numbers.cpp": ("test_numbers.py", *MATCHING),
    "src/kernel/causes.cpp": ("test_causes.py", "test_missed_evidence.py", "test_gap.py"),
    "src/kernel/leftovers.cpp": ("test_confusion_matrix.py", "test_causes.py"),
    "src/kernel/gap.cpp": ("test_gap.py", "test_resampled_gap.py"),
    "src/mapgap/causes/errors.py": ("test_causes.py", "test_missed_evidence.py", "test_missed.py", "test_analysis.py"),
    "src/mapgap/causes/evidence.py": ("test_missed_evidence.py", "test_causes.py", "test_missed.py"),
    "src/mapgap/causes/overlaps.py": ("test_causes.py", "test_missed_evidence.py"),
    "src/mapgap/causes/thresholds.py": ("test_causes.py", "test_missed_evidence.py"),
    "src/mapgap/gap/debts.py": ("test_gap.py", "test_slices.py", "test_analysis.py"),
    "src/mapgap/gap/oracle.py": ("test_gap.py", "test_resampled_gap.py"),
    "src/mapgap/gap/outcomes.py": ("test_gap.py",),
    "src/mapgap/gap/placing.py": ("test_gap.py",),
    "src/mapgap/gap/repairs.py": ("test_gap.py",),
    "src/mapgap/gap/resampled.py": ("test_gap.py", "test_resampled_gap.py"),
    "src/mapgap/gap/resampled_causes.py": ("test_resampled_gap.py",),
}
"""The files that are changed, and the tests that are to notice, the likeliest first."""

SWAPPED = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
# Templates and arrows stand without blanks around them, comparisons with.
COMPARISON = re.compile(r"(?<= )(<=|>=|==|!=|<|>)(?= )")
ONE = re.compile(r"(?<= )[+-](?= 1\b(?![.\d]))")
BOUNDARY = re.compile(r"(?<=[<>=] )(\d+)(?=[;,)\s&|])")
BOOTSTRAP = """
import sys
# An editable installation finds its own files first.
sys.meta_path[:] = [one for one in sys.meta_path if "Redirecting" not in type(one).__name__]
sys.path[:0] = ["src", "."]
import pytest
sys.exit(pytest.main(sys.argv[1:]))
"""


@dataclass(frozen=True)
class Mutant:
    """One change of one file."""

    file: str
    line: int
    start: int
    """Of the text that is replaced, in the file."""
    old: str
    new: str
    shown: str
    """The line as it stands."""

    @property
    def name(self) -> str:
        """File, line, column and change: the same in every run on the same text."""
        return f"{self.file}:{self.line}:{self.start}: {self.old} -> {self.new}"


def mutants_of(file: str) -> list[Mutant]:
    """All changes of one file, in its order."""
    text = (ROOT / file).read_text(encoding="utf-8")
    found = _of_python(text) if file.endswith(".py") else _of_kernel(text)
    return [_mutant(file, text, *one) for one in sorted(set(found))]


def _of_kernel(text: str) -> Iterator[tuple[int, str, str]]:
    """(place, old, new) in C++; comments, strings, includes and loops' own bounds of memory are left alone."""
    code = re.sub(r'//[^\n]*|"[^"\n]*"|^#[^\n]*', lambda match: " " * len(match[0]), text, flags=re.MULTILINE)
    for match in COMPARISON.finditer(code):
        yield match.start(), match[0], SWAPPED[match[0]]
    for match in ONE.finditer(code):
        yield match.start(), match[0], "-" if match[0] == "+" else "+"
    for match in BOUNDARY.finditer(code):
        yield match.start(), match[0], str(int(match[0]) + 1)


def _of_python(text: str) -> Iterator[tuple[int, str, str]]:
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Compare):
            for left, right in zip([node.left, *node.comparators], node.comparators, strict=False):
                between = starts[left.end_lineno - 1] + left.end_col_offset, starts[right.lineno - 1] + right.col_offset
                for match in re.finditer(r"<=|>=|==|!=|<|>", text[slice(*between)]):
                    yield between[0] + match.start(), match[0], SWAPPED[match[0]]
                if isinstance(right, ast.Constant) and type(right.value) in (int, float):
                    yield (
                        between[1],
                        text[between[1] : starts[right.end_lineno - 1] + right.end_col_offset],
                        repr(right.value + 1),
                    )
        is_sum = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub)
        if is_sum and isinstance(node.right, ast.Constant) and node.right.value == 1:
            begin = starts[node.left.end_lineno - 1] + node.left.end_col_offset
            match = re.search(r"[+-]", text[begin:])
            assert match is not None
            yield begin + match.start(), match[0], "-" if match[0] == "+" else "+"


def _mutant(file: str, text: str, start: int, old: str, new: str) -> Mutant:
    line = text.count("\n", 0, start)
    return Mutant(file, line + 1, start, old, new, text.splitlines()[line].strip())


class Workshop:
    """A copy of the repository with a kernel of its own."""

    def __init__(self, folder: Path, seconds: float):
        self._root, self._seconds = folder / "mapgap", seconds
        ignored = shutil.ignore_patterns(".git", "build", ".venv", "__pycache__", "*.so", "reports", ".mypy_cache")
        shutil.copytree(ROOT, self._root, ignore=ignored)
        configure = ["cmake", "-S", ".", "-B", "build", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release"]
        self._run([*configure, "-DCMAKE_CXX_FLAGS_RELEASE=-O1", f"-DPython_EXECUTABLE={sys.executable}"], 600)
        self._build()

    def outcome(self, mutant: Mutant) -> str:
        """`survived`, or what noticed: the compiler, a test, the time limit, a crash."""
        place = self._root / mutant.file
        text = place.read_text(encoding="utf-8")
        changed = text[: mutant.start] + mutant.new + text[mutant.start + len(mutant.old) :]
        place.write_text(changed, encoding="utf-8")
        try:
            if mutant.file.startswith("src/kernel") and not self._build():
                return "does not compile"
            return self._tests(TESTS[mutant.file])
        finally:
            place.write_text(text, encoding="utf-8")

    def rebuilt(self) -> bool:
        """Whether the unchanged kernel is there again."""
        return self._build()

    def _build(self) -> bool:
        done = self._run(["cmake", "--build", "build"], 900)
        for built in (self._root / "build").glob("_kernel*.so"):
            shutil.copy(built, self._root / "src" / "mapgap")
        return done is not None and done.returncode == 0

    def _tests(self, names: tuple[str, ...]) -> str:
        files = [f"tests/{name}" for name in names]
        done = self._run([sys.executable, "-c", BOOTSTRAP, "-x", "-q", "-p", "no:cacheprovider", *files], self._seconds)
        if done is None:
            return "out of time"
        if done.returncode == 0:
            return "survived"
        failed = re.search(r"^(?:FAILED|ERROR) (\S+)", done.stdout, flags=re.MULTILINE)
        return failed[1] if failed else f"exit code {done.returncode}"

    def _run(self, command: list[str], seconds: float) -> "subprocess.CompletedProcess[str] | None":
        try:
            return subprocess.run(command, cwd=self._root, capture_output=True, text=True, timeout=seconds, check=False)
        except subprocess.TimeoutExpired:
            return None


def main() -> None:
    """Tries the mutants and prints what became of them."""
    options = _options()
    everything = [mutant for file in TESTS if options.only in file for mutant in mutants_of(file)]
    chosen = everything
    if options.sample and options.sample < len(everything):
        chosen = random.Random(options.seed).sample(everything, options.sample)
    known = _known(options.output)
    with tempfile.TemporaryDirectory(prefix="mapgap-mutants-") as folder:
        workshop = Workshop(Path(folder), options.seconds)
        for mutant in chosen:
            if mutant.name in known:
                continue
            began = time.monotonic()
            known[mutant.name] = workshop.outcome(mutant)
            print(
                f"{time.monotonic() - began:5.0f} s  {mutant.name}  {known[mutant.name]}", file=sys.stderr, flush=True
            )
            if options.output:
                with options.output.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({"mutant": mutant.name, "outcome": known[mutant.name]}) + "\n")
    _print_table(chosen, known, len(everything))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="only files whose path holds this text")
    parser.add_argument("--sample", type=int, default=0, help="so many mutants, drawn at random; 0 for all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=300, help="for the tests of one mutant")
    parser.add_argument("--output", type=Path, help="JSON lines, a mutant each; what is there is not tried again")
    return parser.parse_args()


def _known(output: Path | None) -> dict[str, str]:
    if output is None or not output.exists():
        return {}
    lines = output.read_text(encoding="utf-8").splitlines()
    return {record["mutant"]: record["outcome"] for record in map(json.loads, lines)}


def _print_table(chosen: list[Mutant], known: dict[str, str], everything: int) -> None:
    tried, survived = Counter(one.file for one in chosen), Counter[str]()
    survivors = [one for one in chosen if known[one.name] == "survived"]
    survived.update(one.file for one in survivors)
    print(f"{len(chosen)} of {everything} mutants tried, {len(survivors)} survived\n")
    print("| file | tried | survived |\n| --- | ---: | ---: |")
    for file in TESTS:
        if tried[file]:
            print(f"| `{file}` | {tried[file]} | {survived[file]} |")
    for one in survivors:
        print(f"\n{one.name}\n    {one.shown}")


if __name__ == "__main__":
    main()
