"""A progress bar on stderr, for a person at a terminal, once a command has run for a second."""

import sys
import threading
from collections.abc import Sequence
from types import TracebackType

PATIENCE_SECONDS = 1.0


class StageProgress:
    """Call it with the name of each stage as it begins; silent where stderr is no terminal or closed."""

    def __init__(self, stages: Sequence[str]):
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        self._stages = list(stages)
        self._is_watched = sys.stderr is not None and sys.stderr.isatty()
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:.0f}/{task.total:.0f}"))
        console = Console(stderr=True, quiet=not self._is_watched)
        self._bar = Progress(*columns, console=console, transient=True)
        self._task = self._bar.add_task("", total=len(self._stages))
        self._timer = threading.Timer(PATIENCE_SECONDS, self._bar.start)
        self._timer.daemon = True

    def __enter__(self) -> "StageProgress":
        if self._is_watched:
            self._timer.start()
        return self

    def __call__(self, stage: str) -> None:
        """Shows that `stage` has begun."""
        self._bar.update(self._task, completed=self._stages.index(stage), description=stage)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        if self._timer.ident is not None:
            self._timer.join()
        if self._bar.live.is_started:
            self._bar.stop()
