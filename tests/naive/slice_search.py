"""The search for slices of missed objects, with sets of objects and plain loops."""

from dataclasses import dataclass
from itertools import combinations, product
from math import isnan

from mapgap.tables import Attribute
from tests.naive.significance import Member, compare, is_tried, nested_q_values, odds_ratio
from tests.small_tables import Scene

Where = tuple[tuple[str, int], ...]


@dataclass
class Tested:
    """One slice: what is known of it."""

    where: Where
    objects: frozenset[int]
    q_value: float | None
    odds_ratio: float
    difference: float
    p_value: float


class NaiveSearch:
    """Everything about the objects of a scene and which of them are missed."""

    def __init__(self, scene: Scene, deeper: list[tuple[str, ...]], single_only: set[str]):
        self.scene, self.single_only = scene, single_only
        self.by_name: dict[str, Attribute] = {a.name: a for a in scene.attributes}
        truth = scene.ground_truth
        self.objects = [g for g in range(len(truth.ids)) if truth.is_object[g]]
        self.rows: dict[int, Member] = {
            g: (int(truth.image[g]), int(not scene.operating_point.found[g])) for g in self.objects
        }
        names = sorted(self.by_name)
        crosses = [(name,) for name in names] + [c for c in combinations(names, 2) if not single_only & set(c)]
        self.deeper = [tuple(sorted(names)) for names in deeper]
        self.crosses = [*crosses, *self.deeper]
        self.tried = {where: members for where, members in self.slices(self.crosses) if self.is_tried(members)}
        self.grown = self.grow()

    def slices(self, crosses: list[tuple[str, ...]]) -> list[tuple[Where, frozenset[int]]]:
        """Every combination of values, with its objects."""
        wheres = [
            tuple(zip(names, codes, strict=True))
            for names in crosses
            for codes in product(*(range(len(self.by_name[name].values)) for name in names))
        ]
        return [(where, self.members(where)) for where in wheres]

    def members(self, where: Where) -> frozenset[int]:
        return frozenset(g for g in self.objects if all(self.by_name[n].object_codes[g] == code for n, code in where))

    def sides(self, members: frozenset[int]) -> tuple[list[Member], list[Member]]:
        inside = [row for g, row in self.rows.items() if g in members]
        return inside, [row for g, row in self.rows.items() if g not in members]

    def is_tried(self, members: frozenset[int]) -> bool:
        return is_tried(*self.sides(members))

    def misses(self, members: frozenset[int]) -> int:
        return sum(self.rows[g][1] for g in members)

    def excess(self, members: frozenset[int]) -> float:
        rest = len(self.objects) - len(members)
        outside = self.misses(frozenset(self.objects)) - self.misses(members)
        return self.misses(members) - len(members) * outside / rest

    def corrected(self, sets: set[frozenset[int]]) -> dict[frozenset[int], float]:
        p_of = {members: compare(*self.sides(members)).p_value for members in sets}
        fewest: dict[frozenset[int], int] = {}
        for where, members in self.tried.items():
            fewest[members] = min(len(where), fewest.get(members, len(where)))
        defined = {members: (p, fewest.get(members, 3)) for members, p in p_of.items() if not isnan(p)}
        return dict(zip(defined, nested_q_values(list(defined.values())), strict=True))

    def preference(self, where: Where) -> tuple[int, int, Where]:
        others = set(self.by_name)
        return len(where), sum(name.split(".", 1)[-1] in others - {name} for name, _ in where), where

    def grow(self) -> dict[frozenset[int], tuple[Where, bool]]:
        """Conjunctions of three by their objects: the preferred one, and whether odds rise within all its parents."""
        q_of = self.corrected(set(self.tried.values()))
        preferred: dict[frozenset[int], Where] = {}
        for where in sorted(self.tried, key=self.preference):
            preferred.setdefault(self.tried[where], where)
        parents = [
            (where, members)
            for members, where in preferred.items()
            if len(where) == 2 and q_of.get(members, 1.0) <= 0.05 and self.excess(members) > 0
        ]
        parents.sort(key=lambda parent: (-self.excess(parent[1]), parent[0]))
        found: dict[frozenset[int], tuple[Where, bool]] = {}
        for parent, of_parent in parents[:50]:
            for name in self.by_name:
                if name in dict(parent) or name in self.single_only:
                    continue
                for code in range(len(self.by_name[name].values)):
                    where = tuple(sorted([*parent, (name, code)]))
                    members = self.members(where)
                    if members in self.tried.values() or not self.is_tried(members):
                        continue
                    known, always = found.get(members, (where, True))
                    best = min(known, where, key=self.preference)
                    found[members] = best, always and self.odds_rise(members, of_parent)
        return found

    def odds_rise(self, members: frozenset[int], of_parent: frozenset[int]) -> bool:
        rest = of_parent - members
        wrong, wrong_outside = self.misses(members), self.misses(rest)
        right, right_outside = len(members) - wrong, len(rest) - wrong_outside
        return len(rest) >= 30 and 4 * wrong * right_outside >= 5 * wrong_outside * right

    def conjunctions(self) -> list[Where]:
        """Those that are rows."""
        q_of = self.corrected({*self.tried.values(), *self.grown})
        worth = [
            (where, members)
            for members, (where, rises) in self.grown.items()
            if rises and q_of.get(members, 1.0) <= 0.05 and self.excess(members) > 0
            if tuple(name for name, _ in where) not in self.deeper
        ]
        worth.sort(key=lambda one: (-self.excess(one[1]), one[0]))
        return [where for where, _ in worth[:100]]

    def results(self) -> tuple[dict[Where, Tested], int]:
        """What is known of each slice that was tried and is a row, and how many were tried in all."""
        q_of = self.corrected({*self.tried.values(), *self.grown})
        rows = {**self.tried, **{where: self.members(where) for where in self.conjunctions()}}
        return {where: self.tested(where, members, q_of) for where, members in rows.items()}, len(q_of)

    def tested(self, where: Where, members: frozenset[int], q_of: dict[frozenset[int], float]) -> Tested:
        compared = compare(*self.sides(members))
        keys = {name for name, _ in where}
        left = [] if keys & {"class", "class_frequency"} else ["class"]
        left += [] if keys & {"size", "size_detail"} else ["size"]
        strata = [self.by_name[name] for name in left if name in self.by_name]
        table = [
            (tuple(int(a.object_codes[g]) for a in strata), g in members, bool(self.rows[g][1])) for g in self.objects
        ]
        ratio = odds_ratio(table) if left else float("nan")
        return Tested(where, members, q_of.get(members), ratio, compared.difference, compared.p_value)
