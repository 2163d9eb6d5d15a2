"""Builds the C++ fuzzer of the scanner with clang and its sanitizers, and runs it; exit code 1 if it finds anything.

    python benchmarks/fuzz_scanner.py [--seconds N] [--folder DIR] [--compiler clang++]

The folder (default build/fuzz_scanner) holds the fuzzer, the corpus, which grows from run to run, and whatever broke
(`crash-...`). The harness and the properties it demands: tests/fuzz_scan/scan_fuzzer.cpp. A text that broke it belongs
into tests/fuzz_cases/scan.
"""

import argparse
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.scan_corpus import TOKENS, unusual_texts, usual_texts

ROOT = Path(__file__).parent.parent
SANITIZERS = ["-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all"]
# The last one makes a read behind a vector's last element an error even where its memory reaches further.
FLAGS = ["-std=c++20", "-O2", "-g", "-ffp-contract=off", "-pthread", "-D_GLIBCXX_SANITIZE_VECTOR=1"]
LONGEST_TEXT = 4096


def main(arguments: list[str]) -> int:
    """Exit code 1 if a property is broken or a sanitizer complains."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60, help="how long to run (default 60)")
    parser.add_argument("--seed", type=int, default=0, help="libFuzzer's seed; 0 takes another one each time")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "fuzz_scanner", help="fuzzer, corpus, crashes")
    parser.add_argument("--compiler", default="clang++")
    options = parser.parse_args(arguments)
    corpus = options.folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    write_seeds(corpus)
    write_dictionary(options.folder / "tokens.dict")
    build(options.compiler, options.folder / "scan_fuzzer")
    return int(run(options.folder, corpus, options.seconds, options.seed) != 0)


def write_seeds(folder: Path) -> None:
    """The texts the fuzzer starts from, and those that broke it once."""
    for name, text in (usual_texts() | unusual_texts()).items():
        (folder / name).write_bytes(text)
    for case in sorted((ROOT / "tests" / "fuzz_cases" / "scan").glob("*")):
        (folder / case.name).write_bytes(case.read_bytes())


def write_dictionary(path: Path) -> None:
    """Tokens in libFuzzer's notation, every byte in hexadecimal."""
    path.write_text("".join('"' + "".join(f"\\x{byte:02x}" for byte in token) + '"\n' for token in TOKENS))


def build(compiler: str, program: Path) -> None:
    """Compiles the harness with the scanner's headers."""
    source = ROOT / "tests" / "fuzz_scan" / "scan_fuzzer.cpp"
    command = [compiler, *FLAGS, *SANITIZERS, f"-I{ROOT / 'src' / 'kernel'}", str(source), "-o", str(program)]
    subprocess.run(command, check=True)


def run(folder: Path, corpus: Path, seconds: int, seed: int) -> int:
    """libFuzzer's exit code."""
    command = [
        str(folder / "scan_fuzzer"),
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST_TEXT}",
        f"-seed={seed}",
        f"-dict={folder / 'tokens.dict'}",
        f"-artifact_prefix={folder}/",
        "-timeout=20",
        "-print_final_stats=1",
        str(corpus),
    ]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
