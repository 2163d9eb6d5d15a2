"""Addresses of pictures relative to a page, harmless whatever a file is called."""

import os
from pathlib import Path
from urllib.parse import quote_from_bytes

from mapgap.pictures.places import OutsideError, find_picture


def relative_address(
    folder: Path, file_name: str | None, page_folder: Path, *, by_base_name: bool = True
) -> str | None:
    """Where the picture lies, seen from a page in `page_folder`: a relative URL; None if it is not in the folder.

    Both folders are without symbolic links. Everything but letters, digits and "_.-~/" is escaped, so that no name is
    a scheme, a query, or a way up.
    """
    if not file_name:
        return None
    try:
        place = find_picture(folder, file_name, by_base_name=by_base_name)
    except OutsideError:
        return None
    if place is None:
        return None
    try:
        return quote_from_bytes(os.fsencode(os.path.relpath(place, page_folder)), safe="/")
    except ValueError:  # another drive
        return None
