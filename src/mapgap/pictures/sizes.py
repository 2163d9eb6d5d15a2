"""How large a picture is, from the head of its file."""

from pathlib import Path

from mapgap.pictures.opening import decoder_errors, oriented_size


def upright_size(place: Path) -> tuple[int, int]:
    """Width and height as people see the picture: turned where its EXIF orientation lays it on its side.

    The pixels are not decoded. PictureError for what is no picture of a known format or too large to be read safely,
    OSError where the file cannot be read.
    """
    with open(place, "rb") as file, decoder_errors():
        return oriented_size(file)
