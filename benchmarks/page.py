"""How large the report page is, how soon it can be used, and how long it takes to follow a moved threshold.

    python benchmarks/page.py --output page.json [--sizes coco,millions,lvis,lvis-large] [--rounds 3]
    python benchmarks/tables.py page.json docs/performance.md

For each size: `mapgap report` in a process of its own, then its page in a fresh headless Chromium for each round.
"Ready" and the redraws are what the page's scripts take by their own clock: from their start until every view stands,
and from a new state until every view in sight is drawn. Chromium is /usr/bin/chromium or what MAPGAP_CHROMIUM names;
Playwright's Python package drives it. mapgap and Playwright are those of the Python that runs this.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from measuring import run
from playwright.sync_api import Browser, sync_playwright
from sizes import Size, default_cache, ensure_files

SIZES = {
    "coco": Size(images=5_000, objects=36_781, detections=500_000, classes=80, polygons=False),
    "millions": Size(images=20_000, objects=147_124, detections=2_000_000, classes=80, polygons=False),
    "lvis": Size(images=4_000, objects=50_000, detections=400_000, classes=1_203, polygons=False),
    "lvis-large": Size(images=20_000, objects=250_000, detections=2_000_000, classes=1_203, polygons=False),
}
CHROMIUM = os.environ.get("MAPGAP_CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
QUANTILES = 12

TIMES = """
(parts) => mapgap.ready.then(async (page) => {
  const { run, truth, timings } = page;
  const found = { ready: timings.ready, rows: run.rows, objects: truth.objects, leftOut: run.leftOut };
  const known = run.leftOut ? run.leftOut.below_score : run.score[run.rows - 1];
  const scores = Array.from({ length: parts }, (_, part) => run.score[Math.floor((run.rows - 1) * (part + 1) / parts)])
    .filter((score) => score >= known);
  const timesOf = async (patch) => { await page.change(patch); return timings.redraw; };
  found.redraws = [];
  for (const threshold of scores) found.redraws.push(await timesOf({ threshold }));
  found.filters = [];
  for (const { name, values } of truth.attributes) {
    if (values.length > 1) found.filters.push(await timesOf({ where: { [name]: 0 } }));
  }
  return found;
})
"""

Record = dict[str, Any]


def main() -> None:
    """Reads the command line, measures, and writes or prints the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="coco,lvis,millions,lvis-large", help=f"of {', '.join(SIZES)}")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cache", type=Path, default=default_cache(), help="folder of generated files")
    parser.add_argument("--output", type=Path, help="file to write (default: print)")
    given = parser.parse_args()
    pages = [measure(name, SIZES[name], given.cache, given.rounds) for name in given.sizes.split(",")]
    text = json.dumps({"page": pages}, indent=1) + "\n"
    if given.output:
        given.output.write_text(text)
    else:
        print(text, end="")


def measure(name: str, size: Size, cache: Path, rounds: int) -> Record:
    """The page of one size: bytes, CPU seconds of the command, milliseconds in the browser (of a round each)."""
    files = ensure_files(size, cache)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report"
        command = [sys.executable, "-m", "mapgap", "report", str(files.ground_truth), str(files.detections)]
        command += ["--resamples", "0", "-o", str(report)]
        done = run(command)
        page = report / "report.html"
        opened = [in_browser(page) for _ in range(rounds)]
        asked = {"name": name, "images": size.images, "classes": size.classes, "detections": size.detections}
        return {**asked, "bytes": page.stat().st_size, "cpu": done.cpu, "peak": done.peak, **summary(opened)}


def in_browser(path: Path) -> Record:
    """What `TIMES` tells of one opening."""
    with sync_playwright() as playwright:
        browser: Browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(path.as_uri())
        found: Record = page.evaluate(TIMES, QUANTILES)
        browser.close()
    return found


def summary(opened: Sequence[Record]) -> Record:
    """The least time until ready; of redraws and filters the median and the slowest, in the best round."""
    facts: Record = {"rows": opened[0]["rows"], "objects": opened[0]["objects"], "left_out": opened[0]["leftOut"]}
    facts["ready"] = min(one["ready"] for one in opened)
    for key in ("redraws", "filters"):
        best = min((one[key] for one in opened), key=statistics.median)
        facts[key] = {"median": statistics.median(best), "slowest": max(best)}
    return facts


if __name__ == "__main__":
    main()
