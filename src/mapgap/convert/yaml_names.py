"""The class names of a data.yaml as Ultralytics writes it: the entry `names` and nothing else of YAML."""

import re

from mapgap.convert.numbers_in_text import whole_number
from mapgap.errors import InputError

FIX = "Write `names:` with one `0: name` a line below it, or give a text file with one name a line as --classes"
KEY = re.compile(r"""(?:names|"names"|'names')\s*:(?:\s+(.*))?""")
QUOTED = re.compile(r""""((?:[^"\\]|\\["\\])*)"|'((?:[^']|'')*)'""")
KEYPOINTS = re.compile(r"kpt_shape\s*:")


def names_in_yaml(text: str, file: str) -> list[str]:
    """The names by number.

    A list (`[a, b]` or a `- a` a line) or a mapping from 0 on (`{0: a}` or a `0: a` a line) is read, quoted or not.
    InputError for anything else, and for labels with keypoints, which are no boxes alone.
    """
    lines = [_without_comment(line) for line in text.split("\n")]
    if any(KEYPOINTS.match(line) for line in lines):
        raise InputError("has `kpt_shape`: labels with keypoints are not read", file=file, fix="Give labels of boxes")
    found = [(place, match) for place, line in enumerate(lines) if (match := KEY.fullmatch(line.rstrip()))]
    if len(found) != 1:
        raise InputError(f"has {len(found) or 'no'} entries `names`", file=file, fix=FIX)
    place, match = found[0]
    where = f"line {place + 1}"
    inline = (match[1] or "").strip()
    entries = _flow_entries(inline, lines[place + 1 :], file, where) if inline else _block_entries(lines, place + 1)
    return _numbered(entries, file, where)


def _flow_entries(inline: str, following: list[str], file: str, where: str) -> list[str]:
    """The entries between brackets, which may go on over several lines."""
    closing = {"[": "]", "{": "}"}.get(inline[0])
    if closing is None:
        raise InputError(f"`names` is {inline[:40]!r}", file=file, where=where, fix=FIX)
    text = " ".join([inline, *(line.strip() for line in following)])
    pieces, rest = [], text[1:]
    while True:
        piece, rest = _piece(rest.lstrip(), closing)
        if piece:
            pieces.append(piece if closing == "}" else f"- {piece}")
        if not rest:
            raise InputError("`names` is never closed", file=file, where=where, fix=FIX)
        if rest[0] == closing:
            return pieces
        rest = rest[1:]


def _piece(text: str, closing: str) -> tuple[str, str]:
    """Up to the next comma or bracket outside quotes."""
    end = 0
    while end < len(text) and text[end] not in f",{closing}":
        quoted = QUOTED.match(text, end)
        end = quoted.end() if quoted else end + 1
    return text[:end].strip(), text[end:]


def _block_entries(lines: list[str], start: int) -> list[str]:
    """The lines below the key that belong to it: deeper ones, and those of a list."""
    entries = []
    for line in lines[start:]:
        if not line.strip():
            continue
        if not line.startswith((" ", "\t", "-")) or line.startswith("---"):
            break
        entries.append(line.strip())
    return entries


def _numbered(entries: list[str], file: str, where: str) -> list[str]:
    names = []
    for place, entry in enumerate(entries):
        if entry.startswith("- "):
            text = entry[2:]
        else:
            key, colon, text = entry.partition(":")
            if not colon or whole_number(key.strip()) != place:
                what = f"`names` has {entry[:40]!r} where the name of class {place} would be"
                raise InputError(what, file=file, where=where, fix=FIX)
        name = _unquoted(text.strip())
        if not name:
            raise InputError(f"class {place} has no name that can be read", file=file, where=where, fix=FIX)
        names.append(name)
    return names


def _unquoted(text: str) -> str:
    quoted = QUOTED.fullmatch(text)
    if quoted:
        if quoted[1] is not None:
            return quoted[1].replace('\\"', '"').replace("\\\\", "\\")
        return quoted[2].replace("''", "'")
    return "" if text[:1] in ("'", '"', "[", "{", "&", "*", "|", ">", "!") else text


def _without_comment(line: str) -> str:
    """The line up to a `#` that stands at its start or behind a blank, outside quotes."""
    place = 0
    while place < len(line):
        quoted = QUOTED.match(line, place) if place == 0 or line[place - 1] in " \t,[{:" else None
        if quoted:
            place = quoted.end()
        elif line[place] == "#" and (place == 0 or line[place - 1] in " \t"):
            return line[:place]
        else:
            place += 1
    return line.rstrip("\r")
