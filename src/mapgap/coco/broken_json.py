"""Text that is no JSON: where it breaks, and what can be read of it where only its numbers are bent."""

import json
import re
from typing import NoReturn, TypeVar

import msgspec

from mapgap.coco.complaints import READ_AS_NO_NUMBER
from mapgap.coco.sources import JsonText
from mapgap.errors import InputError
from mapgap.findings import Finding
from mapgap.visible_text import visible

Content = TypeVar("Content")

BENT = "number_not_in_json"
LITERALS = ("NaN", "Infinity")
SURROGATES = ("unexpected end of hex escape", "invalid utf-16 surrogate pair")
HALF_A_PAIR = "an escape such as \\ud800 is half of a surrogate pair, and no character"
SPACE = re.compile(r"[ \t\r\n]*")


def decode_text(content: JsonText, kind: type[Content]) -> Content:
    """The whole text decoded; msgspec.ValidationError passes through, everything else is refused as broken JSON."""
    try:
        return msgspec.json.decode(content.text, type=kind)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, RecursionError) as error:
        refuse_json(content, error)


def refuse_json(content: JsonText, error: Exception) -> NoReturn:
    """Raise the InputError for text that is no JSON, with the record and the byte where it breaks."""
    if isinstance(error, RecursionError):
        raise _refusal(
            content, "nested_too_deeply", "the JSON is nested too deeply", "COCO needs a few levels"
        ) from None
    message = str(error)
    if "truncated" in message:
        what = f"the JSON ends too early, at {content.offset_words(len(content.text))}{_in_record(content)}"
        raise _refusal(content, "truncated_json", what, "Copy or write the file again, whole") from None
    before, found, offset = message.rpartition("(byte ")
    if not found:
        what = f"invalid JSON: {message}{_in_record(content)}"
        raise _refusal(content, "invalid_json", what, "Write the file again as JSON") from None
    position = int(offset.rstrip(")"))
    # msgspec points one byte behind the first trailing character.
    position -= "trailing characters" in before
    place = content.offset_words(position)
    literal = _number_literal(content.text, position)
    if literal:
        what = f"invalid JSON at {place}: {literal} is not a number JSON knows"
        fix = "Remove the record or write a number; null says that a value is missing"
        raise _refusal(content, BENT, what, fix) from None
    reason = before.removeprefix("JSON is malformed:").strip()
    reason = HALF_A_PAIR if reason in SURROGATES else reason
    what = f"invalid JSON at {place}{_in_record(content)}: {reason}"
    raise _refusal(content, "invalid_json", what, "Write the file again as JSON") from None


def read_bent(content: JsonText, refusal: InputError) -> tuple[object, Finding]:
    """The text with its literals NaN and Infinity as numbers, and the finding that says so; else raises `refusal`."""
    if refusal.code != BENT:
        raise refusal
    try:
        bent = json.loads(content.text)
    except (ValueError, RecursionError):
        raise refusal from None
    fix = refusal.fix or ""
    return bent, Finding(BENT, refusal.what, file=content.name, fix=fix, lenient=READ_AS_NO_NUMBER)


def _refusal(content: JsonText, code: str, what: str, fix: str) -> InputError:
    return InputError(what, file=content.name, fix=fix, code=code)


def _number_literal(text: bytes, position: int) -> str | None:
    for literal in LITERALS:
        if text.startswith(literal.encode(), position):
            return f"-{literal}" if text[position - 1 : position] == b"-" else literal
    return None


def _in_record(content: JsonText) -> str:
    """Words for the record that breaks, found by reading one after the other; empty where it is none of a list."""
    text = content.text.decode()
    decoder = json.JSONDecoder()
    try:
        start = _behind_space(text, 0)
        place = _broken_record(decoder, text, start) if text[start] == "[" else _broken_entry(decoder, text, start)
    except (ValueError, IndexError, RecursionError):
        return ""
    return "" if place is None else f", in {place}"


def _broken_entry(decoder: json.JSONDecoder, text: str, start: int) -> str | None:
    """The record of a list that breaks, among the entries of an object, such as annotations[17]."""
    at = start
    while text[at] in "{,":
        name, at = decoder.raw_decode(text, _behind_space(text, at + 1))
        at = _behind_space(text, _behind_space(text, at) + 1)
        if text[at] == "[":
            record = _broken_record(decoder, text, at)
            if record is not None:
                return f"{visible(str(name))}{record}"
        _, at = decoder.raw_decode(text, at)
        at = _behind_space(text, at)
    return None


def _broken_record(decoder: json.JSONDecoder, text: str, start: int) -> str | None:
    """The first record of the list that cannot be read, such as [17]; None if all can."""
    at, record = _behind_space(text, start + 1), 0
    if text[at : at + 1] == "]":
        return None
    while True:
        try:
            _, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return f"[{record}]"
        at = _behind_space(text, at)
        mark = text[at : at + 1]
        if mark == "]":
            return None
        if mark != ",":
            return f"[{record}]"
        at, record = _behind_space(text, at + 1), record + 1


def _behind_space(text: str, at: int) -> int:
    space = SPACE.match(text, at)
    return space.end() if space else at
