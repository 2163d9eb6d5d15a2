"""What a report says of a file it was made from: its name, and a hash to know the same content by."""

import os


def base_name(path: str | os.PathLike[str]) -> str:
    """The file's name without its folders.

    One that is not UTF-8 comes with surrogates, which no report could write: question marks stand for them.
    """
    return os.path.basename(os.fsdecode(path)).encode(errors="replace").decode()


def sha256_of_file(path: str | os.PathLike[str]) -> str:
    """The SHA-256 of the file's bytes as they are, packed or not, in hexadecimal; read in blocks."""
    import hashlib  # not needed for a name

    with open(path, "rb", buffering=0) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
