"""Failure modes by definitions.md 7, rule by rule, with sets of members and plain loops.

Gap sums are plain floats: the tests draw debts whose sums are exact in any order.
"""

from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, product

from mapgap.tables import CAUSES, GAP_CAUSES, NOT_AVAILABLE, NOT_AVAILABLE_BACKGROUND, Attribute
from tests.naive.slices import value_at
from tests.small_tables import Scene

Address = tuple[int, int]
Conditions = tuple[tuple[str, int], ...]


@dataclass
class Spot:
    """A cause in a slice; `where` holds (attribute, code) by attribute."""

    where: Conditions
    members: frozenset[str]
    holders: frozenset[str]
    """The members, and whatever owes a debt of the cause: two slices are the same if these are."""
    errors: list[int]
    debts: list[float]
    excess: float = 0.0

    @property
    def gap(self) -> float:
        return sum(self.debts, 0.0)

    @property
    def order(self) -> tuple[int, list[str], list[int]]:
        return len(self.where), [name for name, _ in self.where], [code for _, code in self.where]


class NaiveCause:
    """One cause: its members, errors and debts, each with an address."""

    def __init__(self, scene: Scene, cause: str, minimum: int):
        self.scene, self.cause, self.minimum = scene, cause, minimum
        self.attributes = sorted(
            (a for a in scene.attributes if cause != "background" or a.kind in ("image", "geometry", "class")),
            key=lambda a: a.name,
        )
        errors, debts = scene.errors, scene.debts
        self.errors: dict[int, Address] = {
            i: (int(errors.object[i]), int(errors.detection[i]))
            for i in range(len(errors.cause))
            if CAUSES[errors.cause[i]] == cause
        }
        self.debts: list[tuple[Address, float]] = [
            ((int(debts.object[i]), int(debts.detection[i])), float(debts.gap[i]))
            for i in range(len(debts.cause))
            if CAUSES[debts.cause[i]] == cause
        ]
        if cause not in GAP_CAUSES:
            self.debts = [(address, 1.0) for address in self.errors.values()]
        self.members = self._detections() if cause in ("duplicate", "background") else self._objects()
        self.whole = self.spot(())

    def _objects(self) -> dict[str, Address]:
        truth = self.scene.ground_truth
        return {f"object {g}": (g, -1) for g in range(len(truth.ids)) if truth.is_object[g]}

    def _detections(self) -> dict[str, Address]:
        errors, point = self.scene.errors, self.scene.operating_point
        members = {}
        for d in range(len(self.scene.detections.record)):
            if not point.kept[d]:
                continue
            if point.true_positive[d]:
                members[f"detection {d}"] = (int(self.scene.detection_address[d]), d)
            for i in range(len(errors.cause)):
                if errors.detection[i] == d and not errors.is_false_negative[i]:
                    members[f"detection {d}"] = (int(errors.object[i]), d)
        return members

    def is_inside(self, address: Address, where: Conditions) -> bool:
        named = {a.name: a for a in self.attributes}
        return all(value_at(named[name], *address) == code for name, code in where)

    def spot(self, where: Conditions) -> Spot:
        members = frozenset(member for member, address in self.members.items() if self.is_inside(address, where))
        owing = {f"debt {i}" for i, (address, _) in enumerate(self.debts) if self.is_inside(address, where)}
        return Spot(
            where,
            members,
            members | owing,
            [i for i, address in self.errors.items() if self.is_inside(address, where)],
            [gap for address, gap in self.debts if self.is_inside(address, where)],
        )

    def is_hot(self, spot: Spot, whole: Spot) -> bool:
        rest = len(whole.members) - len(spot.members)
        if len(spot.errors) < self.minimum or not spot.members or rest == 0:
            return False
        rate = Fraction(len(spot.errors), len(spot.members))
        rate_of_rest = Fraction(len(whole.errors) - len(spot.errors), rest)
        return rate >= Fraction(5, 4) * rate_of_rest

    def excess(self, spot: Spot, whole: Spot) -> float:
        rest = len(whole.members) - len(spot.members)
        return round(spot.gap - len(spot.members) * (whole.gap - spot.gap) / rest, 12)

    def candidates(self) -> list[Spot]:
        wheres = [((a.name, code),) for a in self.attributes for code in _codes(a)]
        for a, b in combinations(self.attributes, 2):
            wheres += [((a.name, i), (b.name, j)) for i, j in product(_codes(a), _codes(b))]
        seen: set[frozenset[str]] = set()
        found = []
        for where in wheres:
            spot = self.spot(where)
            if not self.is_hot(spot, self.whole) or 10 * len(spot.members) > 8 * len(self.whole.members):
                continue
            if spot.holders in seen:
                continue
            seen.add(spot.holders)
            spot.excess = self.excess(spot, self.whole)
            if spot.excess > 0:
                found.append(spot)
        return found

    def without_parents(self, candidates: list[Spot]) -> list[Spot]:
        def carries(child: Spot, parent: Spot) -> bool:
            is_child = child.holders < parent.holders
            is_narrow = 10 * len(child.members) <= 6 * len(parent.members)
            return is_child and is_narrow and child.excess >= 0.8 * parent.excess

        return [p for p in candidates if not any(carries(c, p) for c in candidates)]

    def listed(self) -> list[Spot]:
        candidates = self.without_parents(self.candidates())
        chosen: list[Spot] = []
        for spot in sorted(candidates, key=lambda s: (-s.excess, s.order)):

            def is_new(address: Address) -> bool:
                return not any(self.is_inside(address, other.where) for other in chosen)

            members = [m for m in spot.members if is_new(self.members[m])]
            gap = sum((g for a, g in self.debts if self.is_inside(a, spot.where) and is_new(a)), 0.0)
            rest = len(self.whole.members) - len(spot.members)
            if gap - len(members) * (self.whole.gap - spot.gap) / rest >= spot.excess / 2:
                chosen.append(spot)
        return chosen

    def hotter(self, parent: Spot) -> list[Spot]:
        found = []
        for attribute in self.attributes:
            if attribute.name in dict(parent.where):
                continue
            for code in _codes(attribute):
                spot = self.spot(tuple(sorted([*parent.where, (attribute.name, code)])))
                if self.is_hot(spot, parent):
                    spot.excess = self.excess(spot, parent)
                    if spot.excess > 0:
                        found.append(spot)
        return sorted(found, key=lambda s: (-s.excess, s.order))[:3]

    def examples(self, spot: Spot) -> list[tuple[int, int | None, int | None]]:
        errors, truth, detections = self.scene.errors, self.scene.ground_truth, self.scene.detections

        def weight(i: int) -> float:
            if self.cause not in GAP_CAUSES:
                return 0.0
            owner = (int(errors.object[i]), -1) if errors.is_false_negative[i] else int(errors.detection[i])
            if isinstance(owner, tuple):
                return sum((gap for address, gap in self.debts if address == owner), 0.0)
            return sum((gap for address, gap in self.debts if address[1] == owner), 0.0)

        entries = []
        for i in spot.errors:
            g, d = int(errors.object[i]), int(errors.detection[i])
            shown = (
                int(truth.images.ids[errors.image[i]]),
                int(truth.ids[g]) if g >= 0 else None,
                int(detections.record[d]) if d >= 0 else None,
            )
            missing_first = (shown[1] is None, shown[1] or 0, shown[2] is not None, shown[2] or 0)
            entries.append(((-weight(i), shown[0], missing_first, i), shown))
        unique: list[tuple[int, int | None, int | None]] = []
        for _, shown in sorted(entries):
            if shown not in unique:
                unique.append(shown)
        first, later, images = [], [], set()
        for shown in unique:
            (later if shown[0] in images else first).append(shown)
            images.add(shown[0])
        return (first + later)[:12]


def _codes(attribute: Attribute) -> list[int]:
    missing = (NOT_AVAILABLE, NOT_AVAILABLE_BACKGROUND)
    return [code for code, value in enumerate(attribute.values) if value not in missing]


def naive_failure_modes(scene: Scene) -> list[dict[str, object]]:
    """Ranked by excess; `gain` is left out, it is the caller's."""
    too_few = len(scene.errors.cause) < 30
    values = {a.name: a.values for a in scene.attributes}

    def readable(where: Conditions) -> list[tuple[str, str]]:
        return [(name, repr(values[name][code])) for name, code in where]

    ranked = []
    for cause in CAUSES:
        naive = NaiveCause(scene, cause, 1 if too_few else 30)
        owes = cause in GAP_CAUSES
        for spot in naive.listed():
            mode = {
                "cause": cause,
                "where": readable(spot.where),
                "errors": len(spot.errors),
                "images": len({int(scene.errors.image[i]) for i in spot.errors}),
                "population": len(spot.members),
                "gap": spot.gap if owes else 0.0,
                "excess": spot.excess if owes else 0.0,
                "hotter_within": [
                    (readable(h.where), len(h.errors), len(h.members), h.excess if owes else 0.0)
                    for h in naive.hotter(spot)
                ],
                "flags": ("too_few",) if too_few else (),
                "examples": naive.examples(spot),
            }
            amount = spot.excess if owes else float(len(spot.errors))
            ranked.append(((not owes, -amount, CAUSES.index(cause), spot.order), mode))
    return [mode for _, mode in sorted(ranked, key=lambda pair: pair[0])]
