"""Look at one picture: find it, read it, take its numbers from the cache or from its pixels."""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np

from mapgap.pictures.failures import PictureError
from mapgap.pictures.reading import read_picture
from mapgap.pixels.decoding import decode
from mapgap.pixels.looks import Look, Request, look_of_bytes
from mapgap.pixels.windows import measure

MEASURES_VERSION = 1
"""Goes up with every change of what is measured, so that no number of an older version is taken for one of this."""

Kept = Callable[[bytes], bytes | None]
"""What a cache has under a key."""


def look_at(folder: Path, request: Request, kept: Kept) -> tuple[Look, bytes | None]:
    """The numbers of one picture and, if they are worth keeping and not kept yet, their key; a bad picture has none."""
    try:
        content = read_picture(folder, request.file_name, by_base_name=request.by_base_name)
        key = _key(content, request)
        known = kept(key)
        look = look_of_bytes(known, len(request.box)) if known is not None else None
        if look is not None:
            return look, None
        return _measured(content, request), key
    except PictureError as error:
        return Look(error.failure, error.reason), None


def _measured(content: bytes, request: Request) -> Look:
    picture = decode(content, request.width, request.height)
    numbers = measure(picture, request.box)
    return Look("measured", "", picture.remarks, picture.jpeg_quality, numbers[0], numbers[1:])


def _key(content: bytes, request: Request) -> bytes:
    """Of the content and of everything else the numbers depend on; where the file lies and its name do not count."""
    digest = hashlib.sha256(hashlib.sha256(content).digest())
    digest.update(_versions())
    digest.update(np.array([request.width, request.height], dtype="<f8").tobytes())
    digest.update(np.ascontiguousarray(request.box, dtype="<f8").tobytes())
    return digest.digest()


@cache
def _versions() -> bytes:
    """Decoders of other versions may round otherwise."""
    from PIL import __version__ as pillow_version
    from PIL import features

    libraries = [features.version(name) for name in ("libjpeg_turbo", "jpg_2000", "webp", "zlib")]
    return repr((MEASURES_VERSION, pillow_version, libraries)).encode()
