"""The documentation is true: its code runs, its links lead somewhere, it names what exists."""

import contextlib
import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mapgap.attributes import build_attributes
from mapgap.cli.commands import mapgap as command_group
from mapgap.coco.detections import read_detections
from mapgap.coco.ground_truth import read_ground_truth
from mapgap.report.files import FILE_NAMES
from mapgap.tables import CAUSES

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
RUN_ELSEWHERE = ("training.md",)
"""Pages that need stand-ins for what they import: `tests/test_training.py` runs it."""
CONSOLE = ("console", "bash")
SECONDS_FOR_A_COMMAND = 300


@dataclass(frozen=True)
class Block:
    """One fenced block of code; `line` is the number of its first line of code in the page."""

    language: str
    line: int
    code: str


def blocks(page: str) -> Iterator[Block]:
    """The fenced blocks of a page, in order."""
    language: str | None = None
    start, code = 0, list[str]()
    for number, line in enumerate(page.splitlines(), start=1):
        fence = re.fullmatch(r"\s*```\s*(\S*).*", line)
        if language is None and fence:
            language, start, code = fence[1], number + 1, []
        elif language is not None and line.strip() == "```":
            yield Block(language, start, "\n".join(code))
            language = None
        elif language is not None:
            code.append(line)
    assert language is None, f"the block before line {start} is never closed"


def commands(block: Block) -> list[tuple[str, list[str]]]:
    """The lines of a console block that call mapgap, without the prompt, each with the output the page shows below it.

    A backslash joins the next line. Output ends at the next prompt.
    """
    found: list[tuple[str, list[str]]] = []
    for line in block.code.replace("\\\n", " ").splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif found:
            found[-1][1].append(line)
    return [(command, shown) for command, shown in found if command.startswith("mapgap")]


def is_shown(shown: list[str], printed: str) -> bool:
    """Whether a page shows what was printed; a line of three dots stands for any lines, nothing shown for anything."""
    parts = [r"(?:.*\n)*" if line == "..." else re.escape(line.rstrip()) + r"\n" for line in shown]
    lines = "".join(f"{line.rstrip()}\n" for line in printed.splitlines())
    return not shown or re.fullmatch("".join(parts), lines) is not None


def without_code(page: str) -> str:
    """The page without fenced blocks and code spans, in which brackets are no links."""
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^\s*```.*?^\s*```\s*$", "", page, flags=re.DOTALL | re.MULTILINE))


def links(page: str) -> list[str]:
    """Targets of the links and images of a page that lead to this repository."""
    text = without_code(page)
    targets = re.findall(r"\]\(\s*<?([^)\s>]+)", text)
    targets += re.findall(r"^\s*\[[^\]]+\]:\s*(\S+)", text, flags=re.MULTILINE)
    targets += re.findall(r"\b(?:src|href)=\"([^\"]+)\"", text)
    return [target for target in targets if not re.match(r"[a-z][a-z0-9+.-]*:|//", target, flags=re.IGNORECASE)]


def anchors(page: str) -> set[str]:
    """The anchors of a page: its headings as GitHub writes them, and the ids given by hand."""
    outside = re.sub(r"^\s*```.*?^\s*```\s*$", "", page, flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#{1,6}\s+(.+?)\s*#*$", outside, flags=re.MULTILINE)
    slugs = [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]
    return set(slugs) | set(re.findall(r"\bid=\"([^\"]+)\"", outside))


@pytest.mark.parametrize("page", [page for page in PAGES if page.name not in RUN_ELSEWHERE], ids=lambda page: page.name)
def test_code_of_the_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run_page(page)


def run_page(page: Path) -> None:
    """Python blocks share one namespace; they and the commands run in the order of the page, in one folder.

    A block `output` is what the Python block before it prints, the lines below a command are what that prints.
    """
    namespace: dict[str, object] = {"__name__": "__main__"}
    printed = ""
    for block in blocks(page.read_text(encoding="utf-8")):
        place = f"{page.name}:{block.line}"
        if block.language == "python":
            with contextlib.redirect_stdout(io.StringIO()) as stream:
                # Empty lines in front, so that a traceback gives the line of the page.
                exec(compile("\n" * (block.line - 1) + block.code, str(page), "exec"), namespace)
            printed = stream.getvalue()
        elif block.language == "output":
            assert is_shown(block.code.splitlines() or [""], printed), f"{place} is not what is printed:\n{printed}"
        elif block.language in CONSOLE:
            for command, shown in commands(block):
                output = run(command, place)
                assert is_shown(shown, output), f"{place}: {command!r} prints something else:\n{output}"


def run(command: str, place: str) -> str:
    """What one line prints in a shell that finds the `mapgap` of this Python first."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        command,
        shell=True,
        capture_output=True,
        text=True,
        timeout=SECONDS_FOR_A_COMMAND,
        env={**os.environ, "PATH": path},
    )
    assert done.returncode == 0, f"{place}: {command!r} ended with {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_of_the_page_lead_somewhere(page: Path) -> None:
    for target in links(page.read_text(encoding="utf-8")):
        name, _, anchor = target.partition("#")
        place = (page.parent / name).resolve() if name else page
        assert place.is_relative_to(ROOT), f"{page.name}: {target} leaves the repository"
        assert place.exists(), f"{page.name}: {target} is not there"
        if anchor:
            assert anchor in anchors(place.read_text(encoding="utf-8")), f"{page.name}: no heading for {target}"


def test_the_architecture_names_every_room() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = sorted(folder.parent.name for folder in (ROOT / "src" / "mapgap").glob("*/__init__.py"))
    assert "coco" in rooms
    assert [room for room in rooms if f"`{room}`" not in page] == []


def test_the_architecture_names_every_file_of_the_kernel() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    files = sorted(file.name for file in (ROOT / "src" / "kernel").iterdir())
    assert files
    assert [file for file in files if f"`{file}`" not in page] == []


def test_the_definitions_name_every_cause_and_built_in_attribute() -> None:
    page = (ROOT / "docs" / "definitions.md").read_text(encoding="utf-8")
    image = {"id": 1, "width": 10, "height": 10, "date_captured": "2013-11-21"}
    annotation = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 5, 5], "area": 25, "iscrowd": 0}
    ground_truth = read_ground_truth(
        {"images": [image], "annotations": [annotation], "categories": [{"id": 1, "name": "cat"}]}
    )
    attributes, _ = build_attributes(ground_truth, read_detections([], ground_truth))
    rows = re.findall(r"^\| `(\w+)` ", page, flags=re.MULTILINE)
    assert {attribute.name for attribute in attributes} <= set(rows)
    assert set(CAUSES) <= set(rows)


def test_the_definitions_show_their_rules_in_code() -> None:
    page = (ROOT / "docs" / "definitions.md").read_text(encoding="utf-8")
    asserting = [block for block in blocks(page) if block.language == "python" and "assert" in block.code]
    assert len(asserting) >= 5


def test_the_architecture_names_the_files_of_the_report() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert [name for name in FILE_NAMES if f"`{name}`" not in page] == []


def test_readme_names_every_command_and_option_of_report() -> None:
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in command_group.commands if f"mapgap {name}" not in page] == []
    options = {name for option in command_group.commands["report"].params for name in option.opts if name[:2] == "--"}
    assert "--by" in options
    assert [name for name in sorted(options - {"--output"}) if f"`{name}" not in page] == []


def test_readme_names_the_files_of_the_report() -> None:
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in FILE_NAMES if f"| `{name}` |" not in page] == []


def test_blocks_commands_links_and_anchors_are_found() -> None:
    page = (
        "# A `b` & c\n\n[one](x.md#y) `[no](link)` ![two](<z.png>) [far](https://example.org)\n\n"
        '<a id="own"></a>\n\n```python\nx = [1](2)\n```\n\n'
        "```console\n$ mapgap demo \\\n    -o out\ndone\n...\n$ ls\nmapgap x\n```\n"
    )
    python, console = blocks(page)
    assert (python.language, python.line, python.code) == ("python", 8, "x = [1](2)")
    ((command, shown),) = commands(console)
    assert command.split() == ["mapgap", "demo", "-o", "out"]
    assert shown == ["done", "..."]
    assert links(page) == ["x.md#y", "z.png"]
    assert anchors(page) == {"a-b--c", "own"}


@pytest.mark.parametrize(
    ("shown", "printed", "expected"),
    [
        ([], "anything\n", True),
        (["a", "b"], "a  \nb\n", True),
        (["a"], "a\nb\n", False),
        (["a", "..."], "a\nb\nc\n", True),
        (["...", "c"], "a\nb\nc\n", True),
        (["a", "...", "d"], "a\nb\nc\n", False),
        (["."], "a\n", False),
        ([""], "a\n", False),
    ],
)
def test_shown_output_is_compared_line_by_line(shown: list[str], printed: str, expected: bool) -> None:
    assert is_shown(shown, printed) is expected


@pytest.mark.parametrize("code", ["exit 3", "mapgap-that-is-not-there"])
def test_a_failing_command_fails_the_page(code: str) -> None:
    with pytest.raises(AssertionError, match="ended with"):
        run(code, "page.md:1")
