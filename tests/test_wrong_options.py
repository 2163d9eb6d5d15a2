"""Options of `analyze` that have no meaning: an error a caller can act on, before any long work."""

from pathlib import Path
from typing import Any

import click
import pytest

import mapgap
from mapgap.cli.commands import mapgap as command_group

NOTHING: dict[str, Any] = {"images": [], "annotations": [], "categories": []}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"costs": {"missed": "much"}}, "cost of 'missed': 'much' is no cost"),
        ({"costs": {"missed": None}}, "None is no cost"),
        ({"costs": {"missed": True}}, "True is no cost"),
        ({"costs": {"missed": 10**400}}, "is no cost"),
        ({"costs": {"misssed": 1}}, "there is no cause 'misssed'. Causes: missed, "),
        ({"costs": {1: 1}}, "there is no cause '1'"),
        ({"costs": ["missed"]}, "costs is a list"),
        ({"costs": 5}, "costs is a int"),
        ({"rank_by": "cost"}, "cannot rank by cost without costs"),
        ({"bins": {1: [2]}}, "1 is no name of an attribute"),
        ({"bins": "size=1"}, "bins is a str"),
        ({"slices": ["size == 'small'"]}, "slices is a list"),
        ({"by": 5}, "by is 5"),
        ({"by": [None]}, r"by is \[None\]"),
        ({"jobs": -1}, "jobs -1 is no number of processes"),
        ({"jobs": "all"}, "jobs 'all' is no number"),
    ],
)
def test_options_without_a_meaning_are_refused_first(options: dict[str, Any], message: str) -> None:
    with pytest.raises(mapgap.InputError, match=message):
        mapgap.analyze("nowhere.json", "nowhere.json", **options)


@pytest.mark.parametrize("folder", ["a\0b", b"pictures", 5, "x" * 5000, ["pictures"]])
def test_what_is_no_folder_of_pictures_cannot_be_read(folder: Any) -> None:
    with pytest.raises(mapgap.AccessError):
        mapgap.analyze("nowhere.json", "nowhere.json", images=folder)


def test_an_unknown_attribute_to_slice_by_is_answered_with_the_most_alike_first() -> None:
    with pytest.raises(mapgap.InputError, match=r"unknown attribute 'postion'. Known attributes: position, "):
        mapgap.analyze(NOTHING, [], by=["postion"])


def test_what_cannot_be_read_is_no_wrong_command_line() -> None:
    """Click would look itself, and end with 2 where 3 is right."""
    paths = [
        parameter.type
        for command in command_group.commands.values()
        for parameter in command.params
        if isinstance(parameter.type, click.Path)
    ]
    assert len(paths) > 10
    assert not any(path.readable or path.exists for path in paths)


def test_an_existing_report_nobody_may_replace_is_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mapgap.analysis import folder

    (tmp_path / "out").mkdir()
    monkeypatch.setattr(folder.os, "access", lambda *_: False)
    with pytest.raises(mapgap.AccessError, match="out is not writable"):
        folder.require_writable(tmp_path / "out", known=())
