"""Numbers of pictures kept from one run to the next, in the user's cache folder."""

import os
import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

FILE_NAME = "pixels-1.sqlite"
"""Its number goes up when the table changes."""
SECONDS_TO_WAIT = 5.0


def cache_file() -> Path | None:
    """Where the cache lies, its folder made; None if there is no such place or nothing can be written there."""
    try:
        asked = os.environ.get("XDG_CACHE_HOME", "")
        # By the XDG rules a relative path is no answer.
        root = Path(asked) if os.path.isabs(asked) else Path.home() / ".cache"
        folder = root / "mapgap"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # RuntimeError: nobody knows the user's home
        return None
    return folder / FILE_NAME


def can_keep() -> bool:
    """Whether what is measured now will be there for the next run."""
    file = cache_file()
    with Cache(file) as cache:
        return file is not None and cache.is_open and os.access(file, os.W_OK)


class Cache:
    """An open cache; one that cannot be opened, read or written keeps nothing and never complains.

    SQLite makes each change whole or not at all and lets several runs read and write at once.
    """

    def __init__(self, file: Path | None, *, is_reader: bool = False):
        self._connection: sqlite3.Connection | None = None
        if file is None:
            return
        with suppress(sqlite3.Error):
            self._connection = _reader(file) if is_reader else _writer(file)

    def __enter__(self) -> "Cache":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()

    @property
    def is_open(self) -> bool:
        """Whether there is something to read from."""
        return self._connection is not None

    def get(self, key: bytes) -> bytes | None:
        """What is kept under the key, None if nothing is."""
        if self._connection is None:
            return None
        try:
            row = self._connection.execute("SELECT numbers FROM looks WHERE key = ?", (key,)).fetchone()
        except sqlite3.Error:
            return None
        return row[0] if row is not None and isinstance(row[0], bytes) else None

    def keep(self, rows: Iterable[tuple[bytes, bytes]]) -> None:
        """Keeps these numbers under these keys, all of them or none."""
        if self._connection is None:
            return
        with suppress(sqlite3.Error), self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO looks VALUES (?, ?)", rows)


def _writer(file: Path) -> sqlite3.Connection:
    try:
        return _with_table(file)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):  # locked, not writable: somebody else's is no reason to act
            raise
    # Not a database any more: it is only a cache, so a new one takes its place.
    with suppress(OSError):
        file.unlink()
    return _with_table(file)


def _with_table(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, timeout=SECONDS_TO_WAIT)
    try:
        with connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS looks (key BLOB PRIMARY KEY, numbers BLOB NOT NULL) WITHOUT ROWID"
            )
    except BaseException:
        connection.close()
        raise
    return connection


def _reader(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=SECONDS_TO_WAIT)
