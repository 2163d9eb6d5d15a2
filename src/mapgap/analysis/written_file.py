"""One file written for a user: whole or not at all."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from mapgap.errors import AccessError


def write_file(target: Path, content: bytes) -> None:
    """Puts the content in the place of the file, in one step. AccessError if that cannot be done."""
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".mapgap-")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)  # a temporary file is for its owner alone
        os.replace(temporary, target)
    except OSError as error:
        if temporary:
            with suppress(OSError):
                os.unlink(temporary)
        raise AccessError(f"{target}: cannot be written: {error.strerror}. Name a file in a folder of yours") from error
