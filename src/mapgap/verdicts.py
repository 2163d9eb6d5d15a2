"""The frozen tables of a gate: rules, what they measure, and what came of them; each says its grain in one sentence.

Numbers are fractions of 1 or counts; only the number of a rule is in points (x 100) where it is about a fraction.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from mapgap.coco_parameters import METRICS
from mapgap.tables import Interval, Notice, Where

FRACTIONS = (*METRICS, "precision", "recall", "f1", "gap")
COUNTS = ("tp", "fp", "fn", "objects")
RULE_METRICS = (*FRACTIONS, *COUNTS)
"""What a rule may be about."""
SLICE_METRICS = ("recall", "precision", "f1", "AP", "gap", *COUNTS)
"""What a rule may be about in a slice."""
POINTS = 100
"""A point is a hundredth."""
EVERY_SLICE = "*"

Direction = Literal["drop", "rise"]
Comparator = Literal[">", ">=", "<", "<="]
Outcome = Literal["failed", "nothing_to_measure", "unsure", "passed"]
OUTCOMES: tuple[Outcome, ...] = ("failed", "nothing_to_measure", "unsure", "passed")
"""The first two fail the gate; `unsure` is beyond the rule, but its interval holds zero."""
FAILING: tuple[Outcome, ...] = ("failed", "nothing_to_measure")


@dataclass(frozen=True)
class Rule:
    """When a run fails: `recall[size=small] drop > 1`."""

    text: str
    """As it was written, without what stands around it."""
    metric: str
    """One of RULE_METRICS."""
    comparator: Comparator
    number: float
    """In points for a fraction."""
    direction: Direction | None = None
    """None for a rule on the number itself."""
    where: str | None = None
    """An expression, EVERY_SLICE, or None for the whole run."""
    source: str | None = field(default=None, compare=False)
    """Where it was written, as in `gate.rules, line 3`; None on the command line."""

    @property
    def scale(self) -> int:
        """How many units of the rule's number a 1 of the metric is."""
        return POINTS if self.metric in FRACTIONS else 1

    @property
    def is_about_every_slice(self) -> bool:
        """Whether it holds for each slice of a single attribute."""
        return self.where == EVERY_SLICE


@dataclass(frozen=True)
class Measured:
    """One number of two runs that a rule is about: of the whole run, or of one slice."""

    before: float | None
    after: float | None
    interval: Interval | None = None
    """Of after minus before; None where there is none."""
    after_interval: Interval | None = None
    """Of the later number alone."""
    place: str | None = None
    """The slice as a condition to read; None for the whole run."""
    where: Where | None = None
    """The slice by attributes, where the condition is nothing but equalities."""
    members: int = 0
    """Objects, or where the number is about detections, objects and false positives: 0 where there is nothing."""
    q_value: float | None = None
    """Of the change among all slices that the rule looks at; None for a single one."""


@dataclass(frozen=True)
class Verdict:
    """What came of one rule in one place."""

    rule: Rule
    measured: Measured
    outcome: Outcome

    @property
    def change(self) -> float | None:
        """After minus before; None where either is not defined."""
        before, after = self.measured.before, self.measured.after
        return None if before is None or after is None else after - before


@dataclass(frozen=True)
class Gate:
    """All verdicts on one run, those that fail first, and what they rest on."""

    rules: tuple[Rule, ...]
    """In the order they were given."""
    verdicts: tuple[Verdict, ...]
    inputs: Mapping[str, object]
    """Names and hashes, as JSON values."""
    settings: Mapping[str, object]
    notices: tuple[Notice, ...]

    @property
    def is_passed(self) -> bool:
        """Whether no verdict fails."""
        return not any(verdict.outcome in FAILING for verdict in self.verdicts)

    def outcome_of(self, rule: Rule) -> Outcome:
        """The worst outcome of a rule."""
        return min((each.outcome for each in self.verdicts if each.rule == rule), key=OUTCOMES.index)
