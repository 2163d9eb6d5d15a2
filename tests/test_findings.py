"""Every code has a page whose example is what mapgap prints, every page a code, every warning a page if of inputs."""

import ast
import re
import runpy
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mapgap
from mapgap.findings import CODES, Finding
from mapgap.report.diagnosis import diagnosis_lines
from tests.bad_inputs import all_pairs
from tests.bad_inputs.pair import DETECTIONS, GROUND_TRUTH, sound_pair
from tests.bad_pictures import findings_of_pictures
from tests.test_bad_inputs import options_of
from tests.test_docs import blocks, links

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "findings"
PAGES = {page.stem: page for page in sorted(FOLDER.glob("*.md")) if page.stem != "index"}
COMMAND = f"mapgap evaluate {GROUND_TRUTH} {DETECTIONS}"
PARTS = ("**Why it matters.**", "**How to mend it.**", "`--lenient`")
LONGEST_PAGE = 45
NOT_OF_INPUTS = {
    # What was asked for: attributes, slices, thresholds, baselines, crops.
    "attribute_left_out",
    "attribute_renamed",
    "attributes_not_joined",
    "baseline_disagrees",
    "common_images",
    "date_unreadable",
    "degenerate_threshold",
    "joined_rows_missing",
    "joined_rows_unknown",
    "no_limit_of_100",
    "other_ground_truth",
    "read_as_pycocotools",
    "slice_empty",
    # Labels of other tools while they become COCO's, see docs/formats.md.
    "difficult_ignored",
    "image_sizes_unknown",
    "labels_left_out",
    "parts_left_out",
    "pictures_without_labels",
    "regions_ignored",
    # Runs that are compared with one another.
    "different_images",
    "images_not_common",
    "images_not_in_ground_truth",
    # Files of a run in shards, see docs/shards.md.
    "shard_without_detections",
    # Other inputs than these two: classifications.
    "scores_outside_0_to_1",
}
"""Codes of warnings that are about options, and that the doctor never prints."""


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    assert sorted(PAGES) == sorted(CODES)


def test_the_index_is_that_of_the_pages() -> None:
    written = (FOLDER / "index.md").read_text(encoding="utf-8")
    made = runpy.run_path(str(FOLDER / "make_index.py"))["index"]()
    assert written == made, "run python docs/findings/make_index.py"
    assert re.findall(r"^\| \[`(\w+)`\]\(\1\.md\) \| .+\. \|$", written, flags=re.MULTILINE).sort() == [*CODES].sort()


@pytest.mark.parametrize("code", PAGES)
def test_a_page_is_short_and_says_what_it_must(code: str) -> None:
    page = PAGES[code].read_text(encoding="utf-8")
    assert page.startswith(f"# {code}\n\n")
    assert [part for part in PARTS if part not in page] == []
    assert len(page.splitlines()) <= LONGEST_PAGE
    assert [line for line in page.split("```")[0].splitlines() if len(line) > 125] == []


@pytest.mark.parametrize("code", PAGES)
def test_the_example_of_a_page_is_what_mapgap_prints(code: str, printed: "Printed") -> None:
    page = PAGES[code].read_text(encoding="utf-8")
    example = without_numbers(next(blocks(page)).code)
    assert example in {without_numbers(text) for text in printed.of(code)}


@pytest.mark.parametrize("page", [*PAGES.values(), FOLDER / "index.md"], ids=lambda page: page.stem)
def test_links_of_the_page_lead_somewhere(page: Path) -> None:
    for target in links(page.read_text(encoding="utf-8")):
        assert (page.parent / target.partition("#")[0]).resolve().is_file(), target


def test_every_warning_of_the_source_has_a_page_or_is_about_options() -> None:
    found = set(codes_in_the_source())
    assert {"area_missing", "scores_equal", "slice_empty"} <= found
    unknown = {code for code in found if code not in CODES and code not in NOT_OF_INPUTS}
    assert unknown == set()
    assert not NOT_OF_INPUTS & set(CODES)
    assert NOT_OF_INPUTS - found == set()


def codes_in_the_source() -> Iterator[str]:
    """Codes written out as the first argument of Notice and Finding, or as the second of `notice`, or as `code=`."""
    for file in (ROOT / "src" / "mapgap").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield from _codes_of(node)


def _codes_of(call: ast.Call) -> Iterator[str]:
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    place = {"Notice": 0, "Finding": 0, "notice": 1}.get(name)
    written = [call.args[place]] if place is not None and len(call.args) > place else []
    if name == "InputError":
        written += [keyword.value for keyword in call.keywords if keyword.arg == "code"]
    for value in written:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield value.value


def without_numbers(text: str) -> str:
    """The text with every number as #, because how many readings are tried, or an AP, is no matter of these pages."""
    return re.sub(r"\d[\d,.]*\d|\d", "#", "\n".join(line.rstrip() for line in text.splitlines()))


class Printed:
    """What the doctor prints of each finding of the corpus, by code; pairs are looked at when they are asked for."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._pairs = {pair.name: pair for pair in all_pairs()}

    @cache  # noqa: B019
    def _findings(self, name: str) -> tuple[Finding, ...]:
        pair = self._pairs[name]
        paths = (self._folder / GROUND_TRUTH, self._folder / DETECTIONS)
        for path, content in zip(paths, (pair.ground_truth, pair.detections), strict=True):
            path.write_bytes(content)
        iou_type, reading = options_of(pair)
        return mapgap.diagnose(*paths, iou_type=iou_type, reading=reading).findings

    @cache  # noqa: B019
    def _others(self) -> tuple[Finding, ...]:
        array: Any = np.zeros((1, 7))
        of_objects = mapgap.diagnose(sound_pair()[0], array, iou_type="segm").findings
        return (*of_objects, *findings_of_pictures(self._folder / "pictures"))

    def of(self, code: str) -> Iterator[str]:
        """The lines of each finding of this code."""
        names = [name for name, pair in self._pairs.items() if code in pair.codes]
        found = [finding for name in names for finding in self._findings(name)] if names else self._others()
        for finding in found:
            if finding.code == code:
                yield "\n".join([*diagnosis_lines([finding], {"lenient": False}, COMMAND)][:-1])


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Printed:
    return Printed(tmp_path_factory.mktemp("printed"))
