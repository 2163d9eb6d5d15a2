"""Crops of pictures as the page takes them: WebP as base64, and which part of which picture each of them is."""

import base64
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mapgap.report.embedded.columns import COMPRESSION, GZIP_WINDOW, Chunk
from mapgap.report.json_values import Record

WHOLE_COLUMNS = ("x", "y", "width", "height", "picture_width", "picture_height")


@dataclass(frozen=True)
class PageCrop:
    """A part of the picture of an image, in whole pixels of the picture as its boxes lie."""

    image: int
    window: tuple[int, int, int, int]
    """Left, top, width, height."""
    picture: tuple[int, int]
    """Width and height of the whole picture."""
    content: bytes
    """A WebP file."""


@dataclass(frozen=True)
class UnusedPictures:
    """Pictures that gave no crop, for one reason."""

    number: int
    words: str
    """What is wrong with them, behind their number, as in "are not in the folder"."""
    names: tuple[str, ...]
    """Of the first three."""


@dataclass(frozen=True)
class PagePictures:
    """What the page shows of the pictures themselves."""

    crops: tuple[PageCrop, ...] = ()
    thumbnails: Sequence[Sequence[Sequence[bytes | None]]] = ()
    """One a run, hot spot and first example: a small WebP file with the boxes drawn, None where there is none."""
    links: tuple[str | None, ...] | None = None
    """A relative address of the picture of each image, None where there is none; None without links."""
    unused: tuple[UnusedPictures, ...] = ()


def crops_chunks(pictures: PagePictures) -> tuple[Record, dict[str, str]]:
    """What the manifest tells of the pictures, and the chunks they are in.

    The base64 of each crop ends with itself, so that a part of the chunk's text is the address of a picture.
    """
    chunk = Chunk("crops")
    texts = [base64.b64encode(crop.content).decode("ascii") for crop in pictures.crops]
    numbers = np.array([(*crop.window, *crop.picture) for crop in pictures.crops], dtype=np.int64)
    columns = numbers.reshape(-1, len(WHOLE_COLUMNS)).T
    record: Record = {
        "image": chunk.add(np.array([crop.image for crop in pictures.crops], dtype=np.int64)),
        "length": chunk.add(np.array([len(text) for text in texts], dtype=np.int64)),
        **{name: chunk.add(np.ascontiguousarray(of)) for name, of in zip(WHOLE_COLUMNS, columns, strict=True)},
        "links": pictures.links is not None,
    }
    chunks = {"crops": chunk.text(), "crop-pictures": "".join(texts)}
    if pictures.links is not None:
        chunks["links"] = packed_json(list(pictures.links))
    return record, chunks


def packed_json(record: Any) -> str:
    """JSON as a chunk: base64 of gzip, which also finds repeated texts."""
    packer = zlib.compressobj(COMPRESSION, zlib.DEFLATED, GZIP_WINDOW)
    text = json.dumps(record, ensure_ascii=True, separators=(",", ":")).encode("ascii")
    return base64.b64encode(packer.compress(text) + packer.flush()).decode("ascii")
