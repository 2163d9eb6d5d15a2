"""Failure modes by definitions.md 7, rule by rule, with sets of members and plain loops.

Gap sums are plain floats: the tests draw debts whose sums are exact in any order.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, cached_property
from itertools import combinations, product
from math import isnan

from mapgap.tables import CAUSES, GAP_CAUSES, NOT_AVAILABLE, NOT_AVAILABLE_BACKGROUND, Attribute
from tests.naive.significance import Member, compare, is_tried, nested_q_values, odds_ratio
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
    q_value: float | None = None

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
        return all(address in self.addresses_of(name, code) for name, code in where)

    @cache  # noqa: B019
    def addresses_of(self, name: str, code: int) -> frozenset[Address]:
        (attribute,) = (a for a in self.attributes if a.name == name)
        every = {*self.errors.values(), *(address for address, _ in self.debts), *self.members.values()}
        return frozenset(address for address in every if value_at(attribute, *address) == code)

    @cache  # noqa: B019
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

    def as_member(self, member: str) -> Member:
        """Its image and its errors; those at an object with several detections are one each."""
        g, d = self.members[member]
        image = self.scene.ground_truth.image[g] if g >= 0 else self.scene.detections.image[d]
        if self.cause in ("duplicate", "background"):
            return int(image), int(any(of == d for _, of in self.errors.values()))
        return int(image), sum(object_index == g for object_index, _ in self.errors.values())

    def sides(self, spot: Spot) -> tuple[list[Member], list[Member]]:
        """The members inside and outside."""
        rows = {member: self.member_rows[member] for member in self.members}
        inside = [row for member, row in rows.items() if member in spot.members]
        return inside, [row for member, row in rows.items() if member not in spot.members]

    @cached_property
    def member_rows(self) -> dict[str, Member]:
        return {member: self.as_member(member) for member in self.members}

    def is_narrow(self, spot: Spot) -> bool:
        return 10 * len(spot.members) <= 8 * len(self.whole.members)

    @cached_property
    def tried(self) -> dict[frozenset[str], list[Spot]]:
        """Singles and pairs that the tests know, by their members."""
        tried: dict[frozenset[str], list[Spot]] = {}
        for where in self.singles_and_pairs():
            spot = self.spot(where)
            if self.is_narrow(spot) and is_tried(*self.sides(spot)):
                tried.setdefault(spot.members, []).append(spot)
        return tried

    def p_value(self, members: frozenset[str]) -> float:
        inside = [row for member, row in self.member_rows.items() if member in members]
        return compare(inside, [row for member, row in self.member_rows.items() if member not in members]).p_value

    def singles_and_pairs(self) -> list[Conditions]:
        wheres: list[Conditions] = [((a.name, code),) for a in self.attributes for code in _codes(a)]
        for a, b in combinations(self.attributes, 2):
            wheres += [((a.name, i), (b.name, j)) for i, j in product(_codes(a), _codes(b))]
        return wheres

    def preferred(self, spots: list[Spot]) -> Spot:
        """Of slices with the same members the one that stays."""
        names = {a.name for a in self.attributes}

        def prefixed(spot: Spot) -> int:
            return sum(name.split(".", 1)[-1] in names - {name} for name, _ in spot.where)

        return min(spots, key=lambda s: (len(s.where), prefixed(s), s.order))

    def grown(self, q_of: dict[frozenset[str], float]) -> dict[frozenset[str], tuple[list[Spot], bool]]:
        """Conjunctions of three keys by their members, and whether each gets worse within all of its parents."""
        significant = [s for s in self.standing_out() if len(s.where) == 2 and q_of.get(s.members, 1.0) <= 0.05]
        same: dict[frozenset[str], list[Spot]] = {}
        for spot in significant:
            same.setdefault(spot.members, []).append(spot)
        parents = sorted((self.preferred(spots) for spots in same.values()), key=lambda s: (-s.excess, s.order))[:50]
        found: dict[frozenset[str], tuple[list[Spot], bool]] = {}
        for parent in parents:
            for attribute in self.attributes:
                if attribute.name in dict(parent.where):
                    continue
                for code in _codes(attribute):
                    spot = self.spot(tuple(sorted([*parent.where, (attribute.name, code)])))
                    if spot.members in self.tried or not is_tried(*self.sides(spot)):
                        continue
                    others, always = found.get(spot.members, ([], True))
                    gets_worse = self.is_hotter(spot, parent) and len(parent.members) - len(spot.members) >= 30
                    found[spot.members] = [*others, spot], always and gets_worse
        return found

    def is_hotter(self, spot: Spot, whole: Spot) -> bool:
        rest = len(whole.members) - len(spot.members)
        if not spot.members or rest == 0:
            return False
        rate_of_rest = Fraction(len(whole.errors) - len(spot.errors), rest)
        return Fraction(len(spot.errors), len(spot.members)) >= Fraction(5, 4) * rate_of_rest

    def is_hot(self, spot: Spot, whole: Spot) -> bool:
        return len(spot.errors) >= self.minimum and self.is_hotter(spot, whole)

    def excess(self, spot: Spot, whole: Spot) -> float:
        rest = len(whole.members) - len(spot.members)
        return round(spot.gap - len(spot.members) * (whole.gap - spot.gap) / rest, 12)

    def standing_out(self) -> list[Spot]:
        """Singles and pairs that pass rule 1 but for the test."""
        return [spot for where in self.singles_and_pairs() if (spot := self.candidate(self.spot(where)))]

    def candidate(self, spot: Spot) -> Spot | None:
        if not self.is_hot(spot, self.whole) or not self.is_narrow(spot):
            return None
        spot = replace(spot, excess=self.excess(spot, self.whole))
        return spot if spot.excess > 0 else None

    def significant(self, test: "Tests | None") -> list[Spot]:
        found = self.standing_out()
        for members, (spots, gets_worse) in (test.grown if test else {}).items():
            if gets_worse and (spot := self.candidate(self.preferred(spots))):
                assert spot.members == members
                found.append(spot)
        if test is not None:
            for spot in found:
                spot.q_value = test.q_of.get(spot.members)
        return [
            spot
            for spot in found
            if test is None or test.is_waived or (spot.q_value is not None and spot.q_value <= 0.05)
        ]

    def distinct(self, significant: list[Spot]) -> list[Spot]:
        same: dict[frozenset[str], list[Spot]] = {}
        for spot in significant:
            same.setdefault(spot.holders, []).append(spot)
        distinct = sorted((self.preferred(spots) for spots in same.values()), key=lambda s: s.order)

        def says_as_much(short: Spot, long: Spot) -> bool:
            is_shorter = set(short.where) < set(long.where)
            is_alike = 10 * len(long.members) >= 9 * len(short.members)
            return is_shorter and is_alike and short.excess >= 0.8 * long.excess

        return [long for long in distinct if not any(says_as_much(short, long) for short in distinct)]

    def is_met(self, parent: Spot, significant: list[Spot]) -> bool:
        """Whether its excess sits where it meets another one that lies inside it for the most part."""

        def carries(other: Spot) -> bool:
            keys = dict(parent.where) | dict(other.where)
            where = tuple(sorted({*parent.where, *other.where}))
            if not len(keys) == len(where) == len(parent.where) + 1 <= 3:
                return False
            both = self.spot(where)
            if not both.members or 10 * len(both.members) > 6 * len(parent.members):
                return False
            is_most = 10 * len(both.members) >= 8 * len(other.members)
            return is_most and self.excess(both, self.whole) >= 0.8 * parent.excess

        return any(set(other.where) != set(parent.where) and carries(other) for other in significant)

    def without_parents(self, candidates: list[Spot]) -> list[Spot]:
        def carries(child: Spot, parent: Spot) -> bool:
            is_child = child.holders < parent.holders
            is_narrow = 10 * len(child.members) <= 6 * len(parent.members)
            return is_child and is_narrow and child.excess >= 0.8 * parent.excess

        return [p for p in candidates if not any(carries(c, p) for c in candidates)]

    def listed(self, test: "Tests | None" = None) -> list[Spot]:
        significant = self.significant(test)
        candidates = self.without_parents(self.distinct(significant))
        chosen: list[Spot] = []
        for spot in sorted(candidates, key=lambda s: (-s.excess, s.order)):

            def is_new(address: Address) -> bool:
                return not any(self.is_inside(address, other.where) for other in chosen)

            members = [m for m in spot.members if is_new(self.members[m])]
            gap = sum((g for a, g in self.debts if self.is_inside(a, spot.where) and is_new(a)), 0.0)
            rest = len(self.whole.members) - len(spot.members)
            is_new_enough = gap - len(members) * (self.whole.gap - spot.gap) / rest >= spot.excess / 2
            if is_new_enough and not self.is_met(spot, significant):
                chosen.append(spot)
        return chosen

    def hotter(self, parent: Spot) -> list[Spot]:
        found = []
        for attribute in self.attributes:
            if attribute.name in dict(parent.where):
                continue
            for code in _codes(attribute):
                spot = self.spot(tuple(sorted([*parent.where, (attribute.name, code)])))
                rest = len(parent.members) - len(spot.members)
                has_rest = rest >= min(self.minimum, 30) and 10 * rest > len(parent.members)
                if has_rest and self.is_hot(spot, parent):
                    spot = replace(spot, excess=self.excess(spot, parent))
                    if spot.excess > 0:
                        found.append(spot)
        same: dict[frozenset[str], list[Spot]] = {}
        for spot in found:
            same.setdefault(spot.holders, []).append(spot)
        return sorted((self.preferred(spots) for spots in same.values()), key=lambda s: (-s.excess, s.order))[:3]

    def odds_ratio(self, spot: Spot) -> float | None:
        keys = {name for name, _ in spot.where}
        left = [] if keys & {"class", "class_frequency"} else ["class"]
        left += [] if keys & {"size", "size_detail"} else ["size"]
        strata = [a for a in self.scene.attributes if a.name in left]
        rows = [
            (tuple(value_at(a, *address) for a in strata), member in spot.members, self.member_rows[member][1] > 0)
            for member, address in self.members.items()
        ]
        ratio = odds_ratio(rows) if left else float("nan")
        return None if isnan(ratio) or ratio == float("inf") else ratio

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


@dataclass
class Tests:
    """What the tests say of one cause: q by members, and the conjunctions that were grown."""

    q_of: dict[frozenset[str], float]
    grown: dict[frozenset[str], tuple[list[Spot], bool]]
    is_waived: bool


def naive_tests(causes: list[NaiveCause], is_waived: bool) -> list[Tests]:
    """The tests of all causes, corrected together: first singles and pairs, then with what these let grow."""
    causes = [cause for cause in causes if len(cause.errors) >= cause.minimum]
    families = [
        {members: (cause.p_value(members), min(len(s.where) for s in spots)) for members, spots in cause.tried.items()}
        for cause in causes
    ]
    first = _corrected(families)
    grown = [cause.grown(q_of) for cause, q_of in zip(causes, first, strict=True)]
    for cause, family, found in zip(causes, families, grown, strict=True):
        family |= {members: (cause.p_value(members), 3) for members in found}
    tests = zip(_corrected(families), grown, strict=True)
    known = {cause.cause: Tests(q_of, found, is_waived) for cause, (q_of, found) in zip(causes, tests, strict=True)}
    return [known.get(cause, Tests({}, {}, is_waived)) for cause in CAUSES]


def _corrected(families: list[dict[frozenset[str], tuple[float, int]]]) -> list[dict[frozenset[str], float]]:
    """`families` hold the p-value of each set of members, and the fewest keys that describe it."""
    named = [(i, members, t) for i, family in enumerate(families) for members, t in family.items() if not isnan(t[0])]
    corrected: list[dict[frozenset[str], float]] = [{} for _ in families]
    for (i, members, _), q in zip(named, nested_q_values([test for _, _, test in named]), strict=True):
        corrected[i][members] = q
    return corrected


def naive_failure_modes(scene: Scene) -> list[dict[str, object]]:
    """Ranked by excess; `gain` is left out, it is the caller's."""
    too_few = len(scene.errors.cause) < 30
    values = {a.name: a.values for a in scene.attributes}
    causes = [NaiveCause(scene, cause, 1 if too_few else 30) for cause in CAUSES]

    def readable(where: Conditions) -> list[tuple[str, str]]:
        return [(name, repr(values[name][code])) for name, code in where]

    ranked = []
    for naive, test in zip(causes, naive_tests(causes, too_few), strict=True):
        cause = naive.cause
        owes = cause in GAP_CAUSES
        for spot in naive.listed(test):
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
                "q_value": test.q_of.get(spot.members),
                "adjusted_odds_ratio": naive.odds_ratio(spot),
            }
            amount = spot.excess if owes else float(len(spot.errors))
            ranked.append(((not owes, -amount, CAUSES.index(cause), spot.order), mode))
    return [mode for _, mode in sorted(ranked, key=lambda pair: pair[0])]
