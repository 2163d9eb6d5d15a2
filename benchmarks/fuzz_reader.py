"""Compares the fast reader of COCO files with the careful one on random texts; keeps those on which they differ.

    python benchmarks/fuzz_reader.py [--seconds N] [--seed S] [--texts FOLDER] [--folder DIR]

`--texts` takes the texts of a folder instead (the corpus that benchmarks/fuzz_scanner.py has grown). What stays of the
kept texts belongs into tests/fuzz_cases/scan. Exit code 1 on any difference. What is made and what is compared:
tests/scan_texts.py and tests/scan_checks.py.
"""

import argparse
import hashlib
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.scan_checks import detection_differences, ground_truth_differences, ground_truth_of_ids, is_read_fast
from tests.scan_corpus import unusual_texts, usual_texts
from tests.scan_texts import CATEGORY_IDS, IMAGE_IDS, detections_text, ground_truth_text, mutated


def main(arguments: list[str]) -> int:
    """Exit code 1 if the readers differ on any text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="how long to run (default 60)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--texts", type=Path, help="compare on the texts in this folder")
    parser.add_argument("--folder", type=Path, default=Path("fuzz-failures"), help="where texts are kept")
    options = parser.parse_args(arguments)
    warnings.simplefilter("error")
    if options.texts:
        texts = (("given", path.read_bytes()) for path in sorted(options.texts.iterdir()))
    else:
        texts = random_texts(options.seed, options.seconds)
    counts = compare(texts, options.folder)
    print(", ".join(f"{name} {count}" for name, count in sorted(counts.items())))
    return int(counts["differences"] > 0)


def random_texts(seed: int, seconds: float) -> Iterator[tuple[str, bytes]]:
    """(kind, text) until the time is over: generated, mutated from generated, mutated from the corpus."""
    end, number = time.monotonic() + seconds, 0
    corpus = list((usual_texts() | unusual_texts()).values())
    while time.monotonic() < end:
        random = Random(f"{seed} {number}")
        generated = [ground_truth_text(random), detections_text(random, IMAGE_IDS, CATEGORY_IDS)]
        yield from (("generated", text) for text in generated)
        yield from (("mutated", mutated(random, text, random.choice(corpus))) for text in generated for _ in range(3))
        yield from (
            ("cut from the corpus", mutated(random, random.choice(corpus), random.choice(corpus))) for _ in range(6)
        )
        number += 1


def compare(texts: Iterator[tuple[str, bytes]], folder: Path) -> Counter[str]:
    """How many texts there were, how many of them were read fast, and on how many the readers differ."""
    counts: Counter[str] = Counter({"texts": 0, "differences": 0})
    ground_truth = ground_truth_of_ids(IMAGE_IDS, CATEGORY_IDS)
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "text.json"
        for kind, text in texts:
            path.write_bytes(text)
            found = ground_truth_differences(path) + detection_differences(path, ground_truth)
            counts["texts"] += 1
            counts[kind] += 1
            counts[f"{kind} read fast"] += is_read_fast(path) or is_read_fast(path, ground_truth)
            if found:
                counts["differences"] += 1
                kept = folder / hashlib.sha256(text).hexdigest()[:12]
                folder.mkdir(parents=True, exist_ok=True)
                kept.write_bytes(text)
                print(f"{kind} {kept}: {found[0]}", flush=True)
    return counts


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
