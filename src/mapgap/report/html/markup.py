"""HTML that cannot forget to escape: text becomes `Markup` only through `element`, which escapes what is not Markup."""

import html
import json
import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from mapgap.visible_text import visible_lines

VOID_ELEMENTS = frozenset({"meta", "br", "hr", "img", "col"})

# HTML has no way to write NUL, other C0 controls or lone surrogates.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_TO_ESCAPE = re.compile("[&<>\"'" + _UNWRITABLE.pattern[1:])
_FOR_PEOPLE = frozenset({"title", "alt", "content", "aria-label", "aria-valuetext", "aria-description"})
"""Attributes that are read out or shown."""


class Markup(str):
    """Finished HTML. Made by `element`, `escape` and `join` only; anything else is data and gets escaped."""

    __slots__ = ()


Child = str | int | None | Iterable["Child"]


def escape(text: object) -> Markup:
    """Text for people as HTML: markup characters and quotes escaped, hidden characters shown by their code point."""
    return text if isinstance(text, Markup) else _escaped(visible_lines(str(text)))


def _escaped(text: str) -> Markup:
    """Markup characters and quotes escaped, and U+FFFD for controls HTML cannot carry."""
    if _TO_ESCAPE.search(text) is None:  # most texts are numbers and plain words
        return Markup(text)
    return Markup(html.escape(_UNWRITABLE.sub("\ufffd", text), quote=True))


def element(name: str, /, *children: Child, **attributes: str | int | bool | None) -> Markup:
    """One element. Children are escaped unless they are Markup; None and False leave an attribute or child out.

    Attribute names: a trailing underscore is dropped (`class_`), others become hyphens (`aria_label`).
    """
    parts = [f"<{name}"]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        attribute = _attribute_name(key)
        if value is True:
            parts.append(f" {attribute}")
            continue
        # What scripts read stays as it is.
        written = escape(value) if attribute in _FOR_PEOPLE or isinstance(value, Markup) else _escaped(str(value))
        parts.append(f' {attribute}="{written}"')
    parts.append(">")
    if name not in VOID_ELEMENTS:
        _append(parts, children)
        parts.append(f"</{name}>")
    return Markup("".join(parts))


def join(children: Iterable[Child], separator: str = "") -> Markup:
    """Children one after another, each escaped unless it is Markup; nested lists are flattened, None left out."""
    parts: list[str] = []
    _append(parts, children)
    return Markup(escape(separator).join(parts))


@cache
def _attribute_name(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def _append(parts: list[str], children: Iterable[Child]) -> None:
    for child in children:
        if isinstance(child, Markup):
            parts.append(child)
        elif isinstance(child, (str, int)):  # a union takes three times as long
            parts.append(escape(child))
        elif child is not None:
            _append(parts, child)


def data_element(id_: str, record: Any) -> Markup:
    """JSON for a script to read, in an element that runs nothing; no text in it can end the element."""
    text = json.dumps(record, allow_nan=False, ensure_ascii=True, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(f'<script type="application/json" id="{escape(id_)}">{text}</script>')


def text_element(id_: str, text: str) -> Markup:
    """Plain text for a script to read, such as base64: what needs escaping is refused, which is faster than looking."""
    if "<" in text or "&" in text:
        raise ValueError("a text with '<' or '&' could end its element")
    return Markup(f'<script type="text/plain" id="{escape(id_)}">{text}</script>')


def document(head: Iterable[Child], style: str, body: Iterable[Child], script: str | None = None) -> Markup:
    """A whole page. `style` and `script` are our own, the texts that HTML does not escape: they must not end early."""
    if "<" in style:
        raise ValueError("a style sheet with '<' could end its element")
    if script is not None and ("</" in script or "<!" in script):
        raise ValueError("a script with '</' or '<!' could end its element")
    sheet = Markup(f"<style>{style}</style>")
    inner_head = join([*head, sheet], "\n")
    inner_body = join([*body, None if script is None else Markup(f"<script>{script}</script>")], "\n")
    return Markup(
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n{inner_head}\n</head>\n<body>\n{inner_body}\n</body>\n</html>\n'
    )
