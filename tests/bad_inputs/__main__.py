"""Writes the corpus into a folder."""

import json
import sys
from pathlib import Path

from tests.bad_inputs import all_pairs
from tests.bad_inputs.pair import DETECTIONS, GROUND_TRUTH


def main(folder: Path) -> None:
    """One folder a pair, and `expected.json` beside them."""
    expected = {}
    for pair in all_pairs():
        own = folder / pair.name
        own.mkdir(parents=True)
        (own / GROUND_TRUTH).write_bytes(pair.ground_truth)
        (own / DETECTIONS).write_bytes(pair.detections)
        expected[pair.name] = {
            "severity": pair.severity,
            "exit_status": {"doctor": pair.exit_status, "evaluate": pair.evaluate_exit_status},
            "codes": sorted(pair.codes),
            "words": pair.words,
            "options": dict(pair.options),
        }
    (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n", encoding="utf-8")


main(Path(sys.argv[1]))
