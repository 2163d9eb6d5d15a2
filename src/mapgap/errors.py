"""The errors mapgap raises on purpose: each says what was wrong, where, and how to mend it, and knows its exit code."""


class MapgapError(Exception):
    """What a user can act on: printed as one line without a traceback, ends the command with `exit_code`."""

    exit_code = 70


class InputError(MapgapError):
    """Bad input or bad options: exit code 2.

    `what` is the complaint with the value, `file` and `where` (record, id and field) say where it stands,
    `fix` says what would be right. The parts stay readable as attributes.
    """

    exit_code = 2

    def __init__(self, what: str, *, file: str | None = None, where: str | None = None, fix: str | None = None):
        self.what = what
        self.file = file
        self.where = where
        self.fix = fix
        place = ": ".join(part for part in (file, where) if part)
        sentence = f"{place}: {what}" if place else what
        super().__init__(f"{sentence}. {fix}" if fix else sentence)


class AccessError(MapgapError):
    """A file or folder that cannot be read or written: exit code 3."""

    exit_code = 3


class ResourceError(MapgapError):
    """Not enough memory or disk for what was asked: exit code 4."""

    exit_code = 4
