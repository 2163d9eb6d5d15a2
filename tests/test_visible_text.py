"""What hides in a text is shown by its code point, the same way in Python and on the page."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser

from mapgap.report.html.assets import asset_text
from mapgap.visible_text import visible, visible_lines
from tests.test_report_browser import browser

__all__ = ["browser"]

ALPHABET = "aé ن👩\n\r\t\u200c\u200d\u200e\u202e\u2066\u2028\x00\x1b\x7f\x9b\xad\ufeff\ud800\uffff\U000e0041\U000e0101⟨"
PLAIN_FORMATS = {"Egyptian", "ARABIC", "SYRIAC", "KAITHI", "EGYPTIAN"}
"""Signs of Unicode's category Cf that have a glyph."""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("person", "person"),
        ("", ""),
        ("été\u00a0子\u3000", "été\u00a0子\u3000"),
        ("exe.\u202egpj", "exe.⟨U+202E⟩gpj"),
        ("a\nb\rc\td", "a b c d"),
        ("\x1b[31mred\x1b]0;title\x07\x9b2J", "⟨U+001B⟩[31mred⟨U+001B⟩]0;title⟨U+0007⟩⟨U+009B⟩2J"),
        ("\0\u2028\u200b\ufeff\ud800\ufffe", "⟨U+0000⟩⟨U+2028⟩⟨U+200B⟩⟨U+FEFF⟩⟨U+D800⟩⟨U+FFFE⟩"),
        ("\U000e0061", "⟨U+E0061⟩"),
        ("می\u200cخواهم", "می\u200cخواهم"),  # "I want": the joiner parts two pieces of a word
        ("👩\u200d💻❤️", "👩\u200d💻❤️"),
        ("c\u200dat\u200c", "c⟨U+200D⟩at⟨U+200C⟩"),
        ("\u200dن", "⟨U+200D⟩ن"),
    ],
)
def test_what_hides_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text(st.sampled_from(ALPHABET)) | st.text())
def test_nothing_hidden_is_left(text: str) -> None:
    shown = visible(text)
    assert visible(shown) == shown
    shown.encode()
    assert visible_lines(text).translate({10: " ", 13: " ", 9: " "}) == shown
    for at, sign in enumerate(shown):
        kind = unicodedata.category(sign)
        assert kind not in ("Cc", "Cs", "Zl", "Zp"), text
        is_word = sign in "\u200c\u200d" and 0 < at < len(shown) - 1
        assert kind != "Cf" or is_word or unicodedata.name(sign).split()[0] in PLAIN_FORMATS, text


def test_every_sign_that_turns_a_line_is_known() -> None:
    turning = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    for code in range(0x110000):
        if unicodedata.bidirectional(chr(code)) in turning or code in (0x200E, 0x200F, 0x061C):
            assert visible(chr(code)) == f"⟨U+{code:04X}⟩"


def test_the_page_shows_the_same(browser: Browser) -> None:
    page = browser.new_page()
    page.add_script_tag(content=asset_text("scripts", "elements.js"))
    texts = [*ALPHABET, *(a + b + c for a in ALPHABET for b in "\u200c\u200d\u202e" for c in ALPHABET)]
    texts += [chr(code) for code in range(0x110000) if not 0x3400 <= code < 0xA000]
    shown = page.evaluate("texts => texts.map(codes => visible(String.fromCodePoint(...codes)))", codes_of(texts))
    assert shown == [visible_lines(text) for text in texts]
    page.close()


def codes_of(texts: list[str]) -> list[list[int]]:
    """Code points, as halves of characters do not travel."""
    return [list(map(ord, text)) for text in texts]
