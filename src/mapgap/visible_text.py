"""Text from the data as people read it: what hides, or turns the text around it, is shown by its code point.

`elements.js` of the page does the same. No NumPy and no `re` at the top: `mapgap evaluate` needs them for nothing else.
"""

from functools import cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re

HIDDEN = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # controls, ESC among them; NEL ends lines
    "\xad\u061c\u115f\u1160\u17b4\u17b5\u180e\u3164\uffa0"  # marks and letters without a glyph
    "\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # no width; directions; line separators
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"  # halves of characters; what Unicode says is none
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"  # formats of shorthand and music
    "\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"  # tags
)
JOINERS = "\u200c\u200d"
"""Part of words in Persian and Hindi and of many emoji, where both neighbours are; elsewhere they only hide."""
LAST_LATIN = "\u058f"
"""Latin, Greek, Cyrillic and Armenian, whose words have no joiners, end here."""
WHITE_SPACE = str.maketrans("\n\r\t", "   ")


def visible(text: str) -> str:
    """The text on one line, hidden characters as `⟨U+202E⟩`, line ends and tabs as blanks."""
    return text if _is_plain(text) else visible_lines(text).translate(WHITE_SPACE)


def visible_lines(text: str) -> str:
    """The same, line ends and tabs as they are."""
    return text if _is_plain(text) else _hidden().sub(_shown, text)


def _is_plain(text: str) -> bool:
    """Most texts are, and it is quickly told."""
    return text.isascii() and text.isprintable()


def _shown(sign: "re.Match[str]") -> str:
    character, text = sign[0], sign.string
    if character in JOINERS and text[sign.start() - 1 : sign.start()] > LAST_LATIN < text[sign.end() : sign.end() + 1]:
        return character
    return f"⟨U+{ord(character):04X}⟩"


@cache
def _hidden() -> "re.Pattern[str]":
    import re

    return re.compile(f"[{HIDDEN}{JOINERS}]")
