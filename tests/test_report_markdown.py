"""report.md as GitHub reads it: tables keep their columns, names stay text and call nobody, it fits into a comment."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mapgap.report.content import build_report
from mapgap.report.markdown import HOT_SPOTS, HOT_SPOTS_OPEN, report_markdown
from mapgap.report.markdown_parts import code_span, folded, markdown_text, table
from mapgap.report.wording import shorten
from mapgap.tables import Interval, Intervals, Notice, Results
from mapgap.visible_text import visible
from tests.report_example import example_results

HOSTILE = (
    "@octocat | #12 || `x` <img src=x onerror=alert(1)>",
    "</details></table>\n\n# big | **bold** [a](https://example.com) www.example.com GH-7",
    "",
    "a@b.example <!-- \u202e ~~no~~ :tada: $x$ org/repo#3 https://example.com " + "long " * 60,
)
LONGEST_COMMENT = 65_536
"""Characters that GitHub takes in one comment."""
CALLS = re.compile(r"@\w|#\w|\bGH-\d|\w+://|www\.", re.IGNORECASE)
OURS = {"h2", "h3", "p", "table", "thead", "tbody", "tr", "th", "td", "ol", "ul", "li", "strong", "code"}
FOLDED = {"details", "summary"}


class Rendered(HTMLParser):
    """The tags of rendered Markdown, the text outside of code, and how many cells each row of each table has."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.pieces: list[str] = []
        self.tables: list[list[int]] = []
        self.alignments: set[str] = set()
        self._open: list[str] = []
        html = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(markdown)
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append(0)
        elif tag in ("td", "th"):
            self.tables[-1][-1] += 1
        self.alignments |= {f"{name}={value}" for name, value in attrs if name != "start"}

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_data(self, data: str) -> None:
        if "code" not in self._open:
            self.pieces.append(data)

    @property
    def text(self) -> str:
        return "".join(self.pieces)


def with_intervals(results: Results) -> Results:
    ends: Interval = (0.25, 0.5)
    return replace(results, intervals=Intervals({"AP": ends, "AP50": None}, ends, None, ends, ends))


def test_hostile_names_leave_tables_and_readers_alone() -> None:
    results = with_intervals(example_results(HOSTILE))
    rendered = Rendered(report_markdown(build_report(results)))
    assert set(rendered.tags) <= OURS | FOLDED
    assert all(len(set(cells)) == 1 for cells in rendered.tables)
    assert [cells[0] for cells in rendered.tables][:2] == [3, 4]
    assert rendered.alignments == {"style=text-align:right"}
    assert not CALLS.search(rendered.text)
    plain_text = rendered.text.replace("\u200b", "")
    assert shorten(visible(HOSTILE[0])) in plain_text
    assert "\u202e" not in plain_text


def test_hostile_names_in_every_table_keep_the_columns() -> None:
    names = [markdown_text(name) for name in HOSTILE]
    rendered = Rendered(table(["a", "b"], "lr", [[name, "1"] for name in names]))
    assert rendered.tables == [[2] * 5]
    assert set(rendered.tags) <= OURS


@given(st.text())
def test_text_is_text(text: str) -> None:
    written = markdown_text(text)
    rendered = Rendered(f"| x | {written} | y |\n| --- | --- | --- |\n| 1 | {written} | 3 |")
    assert rendered.tables == [[3, 3]]
    assert set(rendered.tags) <= {"table", "thead", "tbody", "tr", "th", "td"}
    assert not CALLS.search(rendered.text)
    expected = (shorten(visible(text)) or "(no name)").strip()
    assert rendered.text.replace("\u200b", "").count(expected) >= 2
    assert visible(visible(text)) == visible(text)


@given(st.text("@#:/w.GgHh-1a_\\`| <&;", max_size=14))
def test_text_calls_nobody(text: str) -> None:
    rendered = Rendered(f"see {markdown_text(text)} there")
    assert set(rendered.tags) == {"p"}
    assert not CALLS.search(rendered.text)


@given(st.text("`a \\|", min_size=1, max_size=10).filter(str.strip))
def test_code_holds_its_text(text: str) -> None:
    rendered = Rendered(f"x {code_span(text)} y")
    assert rendered.tags == ["p", "code"]
    assert rendered.text == "x  y\n"


def test_it_says_what_to_fix_and_how_sure_it_is() -> None:
    text = report_markdown(build_report(with_intervals(example_results())))
    assert "| **AP** | **.420** | .250 to .500 |" in text
    assert "| AP50 | .660 | – |" in text
    assert "9 of 14 small objects with time\\_of\\_day night (64 %)" in text
    assert re.search(r"\| recall of \d+ objects \| \d+ % \| 25 % to 50 % \|", text)


def test_without_intervals_there_is_no_column_for_them() -> None:
    text = report_markdown(build_report(example_results()))
    assert "95 %" not in text
    assert text.startswith("## Where the mAP went: yolo.json on instances.json\n\n|  | value |\n| --- | ---: |\n")


def test_a_long_list_is_folded_and_goes_on_counting() -> None:
    results = example_results()
    (mode, *_) = results.failure_modes
    for number, parts in ((HOT_SPOTS_OPEN + 1, 0), (HOT_SPOTS + 3, 1)):
        text = report_markdown(build_report(replace(results, failure_modes=(mode,) * number)))
        before, *rest = text.split("<summary>Ranks 6 to 10</summary>")
        assert len(rest) == parts
        assert ("And 3 more in `failure_modes.csv`." in text) == bool(parts)
        if rest:
            assert "5. **missed**" in before
            assert rest[0].lstrip().startswith("6. **missed**")
            assert '<ol start="6">' in MarkdownIt("commonmark", {"html": True}).render(text)


def test_warnings_are_not_folded() -> None:
    results = replace(example_results(), notices=(Notice("dates", "no image is dated", 20),))
    text = report_markdown(build_report(results))
    assert "### Warnings\n\n- no image is dated (20×)" in text
    depth = text[: text.index("### Warnings")]
    assert depth.count("<details>") == depth.count("</details>")


def test_a_fold_holds_markdown() -> None:
    rendered = Rendered(folded("more", table(["a"], "l", [["**b**"]])))
    assert rendered.tags[:2] == ["details", "summary"]
    assert "strong" in rendered.tags


@pytest.mark.parametrize("name", ["|" * 200, "@" * 200, "#1 " * 80])
def test_it_fits_into_a_comment(name: str) -> None:
    results = example_results((name, *HOSTILE[1:]))
    (mode, *_) = results.failure_modes
    text = report_markdown(build_report(replace(results, failure_modes=(mode,) * 40)))
    assert len(text) < LONGEST_COMMENT
