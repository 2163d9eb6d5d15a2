"""A progress bar on stderr, for a person at a terminal, once a command has run for a second."""

import sys
from collections.abc import Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from threading import Timer
    from types import TracebackType

    from rich.progress import Progress

PATIENCE_SECONDS = 1.0


class StageProgress:
    """Call it with the name of each stage as it begins; silent where stderr is no terminal or closed.

    Rich is imported when the second has passed, because importing it takes longer than many a command.
    """

    def __init__(self, stages: Sequence[str]):
        self._stages = list(stages)
        self._position, self._stage, self._part = 0, "", 0.0
        self._bar: Progress | None = None
        self._timer: Timer | None = None

    def __enter__(self) -> "StageProgress":
        if sys.stderr is not None and sys.stderr.isatty():
            from threading import Timer

            self._timer = Timer(PATIENCE_SECONDS, self._show)
            self._timer.daemon = True
            self._timer.start()
        return self

    def __call__(self, stage: str) -> None:
        """Shows that `stage` has begun."""
        self._position, self._stage, self._part = self._stages.index(stage), stage, 0.0
        self._update()

    def count(self, done: int, of: int) -> None:
        """Shows how far the stage is."""
        stage = self._stages[self._position]
        self._stage, self._part = f"{stage} {done:,} of {of:,}", done / of
        self._update()

    def __exit__(
        self, kind: "type[BaseException] | None", error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()
        if self._bar is not None:
            self._bar.stop()

    def _show(self) -> None:
        """In the timer's thread."""
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:.0f}/{task.total:.0f}"))
        bar = Progress(*columns, console=Console(stderr=True), transient=True)
        bar.add_task("", total=len(self._stages))
        # First the bar, then what stands on it: a stage that begins just now is then seen here or updates it there.
        self._bar = bar
        self._update()
        bar.start()

    def _update(self) -> None:
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=self._position + self._part, description=self._stage)
