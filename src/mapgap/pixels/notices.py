"""What a reader must know of the pictures: which could not be measured, and which were read in an unusual way."""

from collections.abc import Sequence

from mapgap.number_words import plural
from mapgap.pictures.failures import FAILURES
from mapgap.pixels.looks import Look
from mapgap.tables import Images, Notice

REMARKS = {
    "16_bit": "have 16 bits: the upper 8 were measured",
    "alpha": "have an alpha channel, which was left aside",
    "animated": "are animated: the first frame was measured",
    "cmyk": "are CMYK, converted to grey",
    "palette": "have a palette, whose colours were converted to grey",
    "turned_stored": "have an EXIF orientation and the stored size: boxes were taken in the pixels as stored",
    "turned_upright": "have an EXIF orientation and the turned size: boxes were taken in the upright picture",
}
OF_ONE = {"are": "is", "have": "has", "were": "was", "cannot": "cannot"}


def picture_notices(images: Images, looks: Sequence[Look]) -> tuple[Notice, ...]:
    """One notice a way to fail and a way to be read, each with its count and three examples, by image id."""
    failed = [
        _notice(f"pictures_{outcome}", f"{words}; what is measured there is n/a", names)
        for outcome, words in FAILURES.items()
        if (names := [_named(images, i, looks[i].reason) for i, look in enumerate(looks) if look.outcome == outcome])
    ]
    read = [
        _notice(f"pictures_{remark}", words, names)
        for remark, words in REMARKS.items()
        if (names := [_named(images, i) for i, look in enumerate(looks) if remark in look.remarks])
    ]
    return (*failed, *read)


def _notice(code: str, words: str, names: Sequence[str]) -> Notice:
    if len(names) == 1:
        first, rest = words.split(" ", 1)
        words = f"{OF_ONE[first]} {rest}"
    return Notice(code, f"{plural(len(names), 'picture')} {words}", len(names), tuple(names[:3]))


def _named(images: Images, image: int, reason: str = "") -> str:
    name = images.file_names[image] or f"image {images.ids[image]}"
    return f"{name}: {reason}" if reason else name
