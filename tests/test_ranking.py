"""Failure modes: held to the naive twin, and one case made by hand for every rule of definitions.md 7."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapgap.errors import InputError
from mapgap.ranking import RANK_BY, rank_failure_modes, total_causes
from mapgap.ranking.examples import choose_examples, weigh_errors
from mapgap.tables import CAUSES, GAP_CAUSES, Attribute, AttributeKind, FailureMode, Scalar
from tests.naive.ranking import naive_failure_modes
from tests.small_tables import (
    Scene,
    attribute_of,
    debts_of,
    detections_of,
    errors_of,
    ground_truth_of,
    operating_point_of,
    random_scene,
)

small_scenes = st.builds(
    random_scene,
    st.integers(0, 1 << 30),
    st.integers(1, 10),
    st.integers(0, 40),
    st.integers(0, 40),
    st.sampled_from([0.0, 0.2, 0.5]),
)
large_scenes = st.builds(
    random_scene,
    st.integers(0, 1 << 30),
    st.integers(30, 80),
    st.integers(300, 1200),
    st.integers(100, 600),
    st.sampled_from([0.4, 0.8]),
)


def no_gain(cause, objects, detections):
    return None


def rank(scene: Scene, gain_of=no_gain, **options) -> tuple[FailureMode, ...]:
    return rank_failure_modes(
        scene.ground_truth,
        scene.detections,
        scene.attributes,
        scene.operating_point,
        scene.errors,
        scene.debts,
        scene.detection_address,
        gain_of,
        **options,
    )


def near(rows: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """The rows, with the results of tests compared but for the last digits."""
    surenesses = ("q_value", "adjusted_odds_ratio")
    return [
        {key: pytest.approx(v, rel=1e-9) if key in surenesses and v is not None else v for key, v in row.items()}
        for row in rows
    ]


def as_dict(mode: FailureMode) -> dict[str, object]:
    def readable(where):
        return [(name, repr(value)) for name, value in where.items()]

    return {
        "cause": mode.cause,
        "where": readable(mode.where),
        "errors": mode.errors,
        "images": mode.images,
        "population": mode.population,
        "gap": mode.gap,
        "excess": mode.excess,
        "hotter_within": [(readable(h.where), h.errors, h.population, h.excess) for h in mode.hotter_within],
        "flags": mode.flags,
        "examples": [(e.image_id, e.object_id, e.detection) for e in mode.examples],
        "q_value": mode.q_value,
        "adjusted_odds_ratio": mode.adjusted_odds_ratio,
    }


@given(small_scenes)
@settings(max_examples=60)
def test_few_errors_equal_the_naive_twin(scene):
    assert [as_dict(mode) for mode in rank(scene)] == near(naive_failure_modes(scene))


@given(large_scenes)
@settings(max_examples=8)
def test_many_errors_equal_the_naive_twin(scene):
    assert [as_dict(mode) for mode in rank(scene)] == near(naive_failure_modes(scene))


def test_the_random_scenes_have_hot_spots_to_compare():
    modes = [mode for seed in range(8) for mode in rank(random_scene(seed, 60, 1200, 600, 0.8))]
    assert {"missed", "localization", "classification"} <= {mode.cause for mode in modes}
    assert any(len(mode.where) == 2 for mode in modes)
    assert any(mode.hotter_within for mode in modes)
    assert all(mode.q_value is not None and mode.q_value <= 0.05 for mode in modes)


# Cases made by hand: objects only, each in an image of its own unless said otherwise.


@dataclass(frozen=True)
class Cell:
    """`members` objects with these values, of which the first `errors` are lost, each owing `owes`."""

    values: tuple[Scalar, ...]
    members: int
    errors: int
    owes: float = 1 / 1024


def scene_of(
    names: Sequence[str],
    cells: Sequence[Cell],
    *,
    cause: str = "missed",
    kinds: Sequence[AttributeKind] | None = None,
    images: int | None = None,
) -> Scene:
    values = [value for cell in cells for value in [cell.values] * cell.members]
    lost = [(place < cell.errors, cell.owes) for cell in cells for place in range(cell.members)]
    truth = ground_truth_of([g % images if images else g for g in range(len(values))])
    run = detections_of([])
    attributes = []
    for column, name in enumerate(names):
        # Natural order is the order of first appearance; a list because True == 1.
        known = list({repr(row[column]): row[column] for row in values}.values())
        known.sort(key=lambda value: value in ("n/a", "n/a (background)"))
        readable = [repr(value) for value in known]
        codes = [readable.index(repr(row[column])) for row in values]
        attributes.append(attribute_of(name, kinds[column] if kinds else "image", known, codes, []))
    rows = [(cause, g, -1, True) for g, (is_lost, _) in enumerate(lost) if is_lost]
    debts = [(cause, g, -1, owes) for g, (is_lost, owes) in enumerate(lost) if is_lost and cause in GAP_CAUSES]
    return Scene(
        truth,
        run,
        tuple(attributes),
        operating_point_of([], [], [not is_lost for is_lost, _ in lost]),
        errors_of(rows, truth, run),
        debts_of(debts, truth, run),
        np.zeros(0, dtype=np.int32),
    )


def wheres(modes: Sequence[FailureMode]) -> list[dict[str, Scalar]]:
    return [dict(mode.where) for mode in modes]


def test_a_hot_spot_with_its_numbers():
    (mode,) = rank(scene_of(["time"], [Cell(("night",), 100, 40, 2 / 1024), Cell(("day",), 100, 10)], images=50))
    assert (mode.cause, mode.where, mode.errors, mode.population) == ("missed", {"time": "night"}, 40, 100)
    assert mode.images == 40
    assert mode.gap == 80 / 1024
    assert mode.excess == 80 / 1024 - 100 * (10 / 1024) / 100
    assert mode.flags == ()
    assert mode.hotter_within == ()


@pytest.mark.parametrize(("errors", "listed"), [(30, True), (29, False)])
def test_rule_1_at_least_30_errors(errors, listed):
    modes = rank(scene_of(["time"], [Cell(("night",), 100, errors), Cell(("day",), 100, 10)]))
    assert wheres(modes) == [{"time": "night"}] * listed


@pytest.mark.parametrize(("errors", "flagged"), [(29, True), (30, False)])
def test_with_fewer_than_30_errors_in_all_modes_are_listed_and_flagged(errors, flagged):
    scene = scene_of(["time"], [Cell(("night",), 100, errors - 1), Cell(("day",), 100, 1)])
    modes = rank(scene)
    assert [(mode.where, mode.flags) for mode in modes] == [({"time": "night"}, ("too_few",))] * flagged


@pytest.mark.parametrize(("members", "listed"), [(160, True), (161, False)])
def test_rule_1_at_most_80_percent_of_the_population(members, listed):
    modes = rank(scene_of(["time"], [Cell(("night",), members, 120), Cell(("day",), 200 - members, 2)]))
    assert wheres(modes) == [{"time": "night"}] * listed


@pytest.mark.parametrize(("errors", "listed"), [(500, True), (499, False)])
def test_rule_1_a_rate_at_least_1_25_times_that_of_the_rest(errors, listed):
    modes = rank(scene_of(["time"], [Cell(("night",), 1000, errors, 2 / 1024), Cell(("day",), 1000, 400)]))
    assert wheres(modes) == [{"time": "night"}] * listed


def test_rule_1_a_rest_without_errors_lets_any_rate_pass():
    assert wheres(rank(scene_of(["time"], [Cell(("night",), 100, 30), Cell(("day",), 100, 0)]))) == [{"time": "night"}]


@pytest.mark.parametrize("missing", ["n/a", "n/a (background)"])
def test_rule_1_a_missing_value_is_never_a_hot_spot(missing):
    cells = [
        Cell((missing, "x"), 50, 40),
        Cell((missing, "y"), 50, 40),
        Cell(("day", "x"), 50, 2),
        Cell(("day", "y"), 50, 2),
    ]
    assert rank(scene_of(["time", "side"], cells)) == ()


def test_rule_1_of_slices_with_the_same_members_the_one_with_fewest_keys_stays_then_the_first():
    cells = [
        Cell(("night", "dark", "in"), 60, 40),
        Cell(("day", "bright", "in"), 60, 5),
        Cell(("day", "bright", "out"), 60, 5),
    ]
    assert wheres(rank(scene_of(["time", "light", "place"], cells))) == [{"light": "dark"}]


def test_rule_3_a_narrower_slice_need_not_share_the_keys_of_its_parent():
    """Zone x lies inside "rain": it has half of its population and all of its excess."""
    cells = [
        Cell(("rain", "night", "x"), 50, 45),
        Cell(("rain", "day", "y"), 50, 5),
        Cell(("dry", "night", "y"), 300, 0),
        Cell(("dry", "day", "y"), 300, 0),
    ]
    assert wheres(rank(scene_of(["weather", "time", "zone"], cells))) == [{"zone": "x"}]


def test_slices_with_the_same_counts_but_other_members_both_stay():
    cells = [
        Cell(("night", "in"), 50, 0),
        Cell(("night", "out"), 50, 40),
        Cell(("day", "in"), 50, 40),
        Cell(("day", "out"), 300, 3),
    ]
    assert wheres(rank(scene_of(["time", "place"], cells))) == [
        {"place": "in", "time": "day"},
        {"place": "out", "time": "night"},
    ]


@pytest.mark.parametrize(("inside", "expected"), [(180, {"time": "night"}), (179, {"border": "in", "time": "night"})])
def test_rule_1_of_slices_with_all_but_the_same_members_the_one_with_fewest_keys_stays(inside, expected):
    """At night nothing fails at the border, so that the pair has a trace more excess than the single."""
    cells = [
        Cell(("in", "night"), inside, 150),
        Cell(("out", "night"), 200 - inside, 0),
        Cell(("in", "day"), 900, 90),
        Cell(("out", "day"), 300, 30),
    ]
    scene = scene_of(["border", "time"], cells)
    assert wheres(rank(scene)) == [expected]
    assert [as_dict(mode) for mode in rank(scene)] == near(naive_failure_modes(scene))


def test_rule_1_a_shorter_name_must_carry_the_excess_too():
    """A tenth of the night that fails far less than the day takes more than a fifth of the night's excess away."""
    cells = [
        Cell(("in", "night"), 900, 180, 1 / 1024),
        Cell(("out", "night"), 100, 0),
        Cell(("in", "day"), 4000, 600, 1 / 1024),
        Cell(("out", "day"), 1000, 100, 1 / 1024),
    ]
    scene = scene_of(["border", "time"], cells)
    assert wheres(rank(scene)) == [{"border": "in", "time": "night"}]
    assert [as_dict(mode) for mode in rank(scene)] == near(naive_failure_modes(scene))


@pytest.mark.parametrize("cost_by_day", [3, 4])
def test_rule_2_excess_must_be_positive(cost_by_day):
    """More errors a member than the rest, but cheaper ones: an excess of nothing, or less."""
    cells = [Cell(("night",), 100, 60, 2 / 1024), Cell(("day",), 100, 40, cost_by_day / 1024)]
    assert rank(scene_of(["time"], cells)) == ()


def test_rule_2_order_is_by_excess_not_by_gap():
    cells = [
        Cell(("large",), 400, 150),
        Cell(("small",), 100, 90),
        Cell(("other",), 400, 30),
    ]
    modes = rank(scene_of(["size"], cells))
    assert wheres(modes) == [{"size": "small"}, {"size": "large"}]
    assert modes[0].gap < modes[1].gap
    assert wheres(rank(scene_of(["size"], cells), rank_by="gap")) == [{"size": "large"}, {"size": "small"}]
    assert wheres(rank(scene_of(["size"], cells), rank_by="errors")) == [{"size": "large"}, {"size": "small"}]


def parent_and_child(others: int) -> Scene:
    """All loss at night is in the rain; at night there are 60 objects in the rain and `others` elsewhere."""
    cells = [
        Cell(("night", "rain"), 60, 50),
        Cell(("night", "dry"), others, 0),
        Cell(("day", "rain"), 400, 0),
        Cell(("day", "dry"), 400, 0),
    ]
    return scene_of(["time", "weather"], cells)


def test_rule_3_a_parent_is_dropped_for_a_narrow_child_that_carries_its_excess():
    """The children are the same; only the share of the parent's population decides whether the parent goes."""
    assert wheres(rank(parent_and_child(40))) == [{"time": "night", "weather": "rain"}]
    assert wheres(rank(parent_and_child(39))) == [{"time": "night"}]


@pytest.mark.parametrize(("dry_cost", "kept"), [(11, False), (12, True)])
def test_rule_3_a_parent_stays_if_the_child_has_less_than_80_percent_of_its_excess(dry_cost, kept):
    """The excess of the parent is 48 + cost, that of the child 48 minus a trace."""
    cells = [
        Cell(("night", "rain"), 50, 48, 1 / 1024),
        Cell(("night", "dry"), 50, 1, dry_cost / 1024),
        Cell(("day", "rain"), 5000, 0),
        Cell(("day", "dry"), 5000, 0),
    ]
    assert wheres(rank(scene_of(["time", "weather"], cells)))[0] == (
        {"time": "night"} if kept else {"time": "night", "weather": "rain"}
    )


def test_rule_3_the_parent_is_gone_even_where_rule_4_would_list_it():
    """The parent has the greater excess, so that only rule 3 can put the child in its place."""
    cells = [
        Cell(("night", "rain"), 60, 50),
        Cell(("night", "dry"), 60, 10),
        Cell(("day", "rain"), 400, 0),
        Cell(("day", "dry"), 400, 0),
    ]
    assert wheres(rank(scene_of(["time", "weather"], cells))) == [{"time": "night", "weather": "rain"}]


@pytest.mark.parametrize(("covered", "expected"), [(21, {"size": "small"}), (22, {"cover": "free"})])
def test_rule_3_a_slice_goes_where_its_excess_sits_in_what_it_shares_with_another(covered, expected):
    """Small objects in the rain fail. Few are covered, so that what is free in the rain says nearly the same."""
    cells = [
        Cell(("free", "rain", "small"), 85, 80),
        Cell(("covered", "rain", "small"), covered, 3),
        Cell(("free", "rain", "large"), 170, 10),
        Cell(("covered", "rain", "large"), 30, 0),
    ]
    cells += [Cell((cover, "dry", size), 2000, 15) for cover in ("free", "covered") for size in ("small", "large")]
    scene = scene_of(["cover", "weather", "size"], cells)
    assert wheres(rank(scene))[0] == {**expected, "weather": "rain"}
    assert [as_dict(mode) for mode in rank(scene)] == near(naive_failure_modes(scene))


def overlapping(outside: int) -> Scene:
    """Small objects and objects at night share 60 errors; `outside` more are at night only, 100 are small only."""
    cells = [
        Cell(("small", "night"), 70, 60),
        Cell(("small", "day"), 120, 100),
        Cell(("large", "night"), 120, outside),
        Cell(("large", "day"), 3000, 0),
    ]
    return scene_of(["size", "time"], cells)


def test_rule_4_half_of_the_excess_must_lie_outside_what_is_listed():
    assert wheres(rank(overlapping(50))) == [{"size": "small"}, {"size": "large", "time": "night"}]
    assert wheres(rank(overlapping(75))) == [{"size": "small"}, {"time": "night"}]


def test_rule_4_looks_at_slices_of_the_same_cause_only():
    misses, loose = overlapping(50), overlapping(50)
    both = replace(
        misses,
        errors=concatenate(misses.errors, replace(loose.errors, cause=loose.errors.cause + 1)),
        debts=concatenate(misses.debts, replace(loose.debts, cause=loose.debts.cause + 1)),
    )
    assert [(mode.cause, mode.where) for mode in rank(both)] == [
        ("missed", {"size": "small"}),
        ("localization", {"size": "small"}),
        ("missed", {"size": "large", "time": "night"}),
        ("localization", {"size": "large", "time": "night"}),
    ]


def concatenate(first, second):
    """Both tables as one."""
    columns = {name: np.concatenate([column, getattr(second, name)]) for name, column in vars(first).items()}
    return type(first)(**columns)


def hot_inside(*inside: tuple[str, int, int]) -> tuple[FailureMode, ...]:
    """Night, split by weather into (value, members, errors); by day little is lost, evenly."""
    cells = [Cell(("night", weather), members, errors) for weather, members, errors in inside]
    cells += [Cell(("day", weather), 2000, 10) for weather, _, _ in inside]
    return rank(scene_of(["time", "weather"], cells))


def test_rule_5_names_the_hotter_slice_within():
    mode = hot_inside(("dry", 1000, 300), ("rain", 500, 200))[0]
    assert mode.where == {"time": "night"}
    (hotter,) = mode.hotter_within
    assert list(hotter.where.items()) == [("time", "night"), ("weather", "rain")]
    assert (hotter.errors, hotter.population) == (200, 500)
    assert hotter.excess == 200 / 1024 - 500 * (300 / 1024) / 1000


@pytest.mark.parametrize(("errors", "named"), [(125, True), (124, False)])
def test_rule_5_the_rate_is_compared_with_the_rest_of_the_slice(errors, named):
    mode = hot_inside(("dry", 1000, 250), ("rain", 400, errors))[0]
    assert mode.where == {"time": "night"}
    assert [hotter.where["weather"] for hotter in mode.hotter_within] == ["rain"] * named


@pytest.mark.parametrize(("errors", "named"), [(30, True), (29, False)])
def test_rule_5_at_least_30_errors(errors, named):
    mode = hot_inside(("dry", 1000, 300), ("rain", 50, errors))[0]
    assert mode.where == {"time": "night"}
    assert [hotter.where["weather"] for hotter in mode.hotter_within] == ["rain"] * named


@pytest.mark.parametrize(
    ("rest", "inside", "named"), [(30, 250, True), (29, 250, False), (51, 450, True), (50, 450, False)]
)
def test_rule_5_a_rest_of_fewer_than_30_members_or_of_a_tenth_is_none(rest, inside, named):
    mode = hot_inside(("dry", rest, rest // 3), ("rain", inside, 200))[0]
    assert mode.where == {"time": "night"}
    assert [hotter.where["weather"] for hotter in mode.hotter_within] == ["rain"] * named


def test_rule_5_the_excess_within_must_be_positive():
    cells = [
        Cell(("night", "dry"), 1000, 300, 2 / 1024),
        Cell(("night", "rain"), 500, 200, 1 / 1024),
        Cell(("day", "dry"), 4000, 10),
    ]
    mode = rank(scene_of(["time", "weather"], cells))[0]
    assert (mode.where, mode.hotter_within) == ({"time": "night"}, ())


def test_rule_5_for_a_cause_that_owes_nothing_has_no_excess():
    cells = [Cell(("night", "dry"), 1000, 300), Cell(("night", "rain"), 500, 200), Cell(("day", "dry"), 4000, 10)]
    mode = rank(scene_of(["time", "weather"], cells, cause="below_threshold"))[0]
    assert [(hotter.errors, hotter.excess) for hotter in mode.hotter_within] == [(200, 0.0)]


def test_rule_5_names_the_three_of_greatest_excess():
    values = [("dry", 2000, 200), ("fog", 100, 60), ("rain", 100, 70), ("snow", 100, 80), ("hail", 100, 90)]
    mode = hot_inside(*values)[0]
    assert mode.where == {"time": "night"}
    assert [hotter.where["weather"] for hotter in mode.hotter_within] == ["hail", "snow", "rain"]
    excesses = [hotter.excess for hotter in mode.hotter_within]
    assert excesses == sorted(excesses, reverse=True)


def test_rule_5_never_names_the_slice_itself_or_a_missing_value():
    cells = [
        Cell(("night", "dark", "n/a"), 50, 45),
        Cell(("night", "dark", "x"), 50, 20),
        Cell(("day", "bright", "x"), 200, 5),
    ]
    (mode,) = rank(scene_of(["time", "zlight", "street"], cells))
    assert mode.where == {"time": "night"}
    assert mode.hotter_within == ()


@pytest.mark.parametrize("cause", ["below_threshold", "max_detections"])
def test_causes_that_owe_nothing_come_last_by_errors_and_never_ask_for_a_gain(cause):
    free = scene_of(
        ["time"], [Cell(("night",), 200, 150), Cell(("day",), 100, 5), Cell(("dusk",), 900, 3)], cause=cause
    )
    dear = scene_of(["time"], [Cell(("night",), 200, 1), Cell(("day",), 100, 40), Cell(("dusk",), 900, 3)])
    both = replace(free, errors=concatenate(free.errors, dear.errors), debts=dear.debts)

    def gain_of(cause, objects, detections):
        assert cause == "missed"
        return 0.5

    for key in RANK_BY:
        modes = rank(both, gain_of, rank_by=key, costs={"missed": 1.0, cause: 5.0})
        assert [(mode.cause, mode.where["time"]) for mode in modes] == [("missed", "day"), (cause, "night")]
        assert (modes[1].gap, modes[1].excess, modes[1].gain, modes[1].errors) == (0.0, 0.0, 0.0, 150)


def test_gain_ranks_and_gets_the_masks_of_the_slice():
    cells = [Cell(("large",), 400, 150), Cell(("small",), 100, 90), Cell(("other",), 400, 30)]
    scene = scene_of(["size"], cells)
    crowd = np.arange(900) == 499
    scene = replace(scene, ground_truth=replace(scene.ground_truth, crowd=crowd))
    asked = []

    def gain_of(cause, objects, detections):
        asked.append((cause, int(objects.sum()), detections))
        return {99: 0.25, 400: 0.75}[int(objects.sum())]

    modes = rank(scene, gain_of, rank_by="gain")
    assert [(mode.where["size"], mode.gain) for mode in modes] == [("large", 0.75), ("small", 0.25)]
    assert sorted(asked) == [("missed", 99, None), ("missed", 400, None)]


def code_of(attribute: Attribute, value: Scalar) -> int:
    return [repr(one) for one in attribute.values].index(repr(value))


def test_the_gain_of_background_gets_the_detections_of_the_slice():
    asked = []

    def gain_of(cause, objects, detections):
        if cause == "background":
            asked.append(detections.tolist())

    listed = 0
    for seed in range(8):
        scene = random_scene(seed, 30, 500, 600, 0.8)
        asked.clear()
        by_name = {attribute.name: attribute for attribute in scene.attributes}
        for mode in rank(scene, gain_of):
            if mode.cause != "background":
                continue
            slices = [(by_name[name], code_of(by_name[name], value)) for name, value in mode.where.items()]
            detections = range(len(scene.detections.score))
            assert [all(one.detection_codes[d] == code for one, code in slices) for d in detections] in asked
            listed += 1
    assert listed


def test_an_undefined_gain_comes_last():
    scene = scene_of(["size"], [Cell(("large",), 400, 150), Cell(("small",), 100, 90), Cell(("other",), 400, 30)])
    modes = rank(scene, lambda cause, objects, _: None if objects.sum() == 400 else 0.0, rank_by="gain")
    assert [mode.gain for mode in modes] == [0.0, None]


def test_an_unknown_order_is_refused():
    with pytest.raises(InputError, match=r"'price'.*excess, gap, gain, errors"):
        rank(scene_of(["time"], [Cell(("night",), 10, 1)]), rank_by="price")


def test_ties_go_by_cause_then_where():
    cells = [Cell(("a",), 100, 40), Cell(("b",), 100, 40), Cell(("c",), 800, 0)]
    one, two = scene_of(["letter"], cells, cause="both"), scene_of(["letter"], cells, cause="localization")
    modes = rank(replace(one, errors=concatenate(one.errors, two.errors), debts=concatenate(one.debts, two.debts)))
    assert [(mode.cause, mode.where["letter"]) for mode in modes] == [
        ("localization", "a"),
        ("localization", "b"),
        ("both", "a"),
        ("both", "b"),
    ]


# Detections as the population.


def alarms(kind: AttributeKind) -> Scene:
    """40 of 50 detections are alarms at the left, 2 of 50 at the right; true positives sit on objects at the right."""
    truth, run = ground_truth_of([g % 10 for g in range(58)]), detections_of([d % 10 for d in range(100)])
    is_alarm = [d < 40 or 50 <= d < 52 for d in range(100)]
    address = np.full(100, -1, dtype=np.int32)
    address[~np.array(is_alarm)] = np.arange(58)
    left = [int(d >= 50) for d in range(100)]
    values = ["left", "right", "n/a (background)"]
    place = attribute_of(
        "place", kind, values, [int(g >= 10) for g in range(58)], [2] * 100 if kind == "object" else left
    )
    rows = [("background", -1, d, False) for d in range(100) if is_alarm[d]]
    debts = [("background", -1, d, 1 / 1024) for d in range(100) if is_alarm[d]]
    return Scene(
        truth,
        run,
        (place,),
        operating_point_of([True] * 100, [not alarm for alarm in is_alarm], [True] * 58),
        errors_of(rows, truth, run),
        debts_of(debts, truth, run),
        address,
    )


@pytest.mark.parametrize("kind", ["image", "geometry", "class"])
def test_background_counts_kept_detections_by_address(kind):
    (mode,) = rank(alarms(kind), lambda cause, objects, detections: float(objects.sum() + 100 * detections.sum()))
    assert (mode.cause, mode.where, mode.errors, mode.population) == ("background", {"place": "left"}, 40, 50)
    assert mode.gain == 10 + 100 * 50
    assert mode.examples[0].object_id is None


def test_background_population_is_of_kept_detections_only():
    scene = alarms("image")
    kept = scene.operating_point.kept.copy()
    kept[45:50] = False
    (mode,) = rank(replace(scene, operating_point=replace(scene.operating_point, kept=kept)))
    assert mode.population == 45


def test_background_never_uses_an_attribute_of_objects():
    scene = alarms("geometry")
    of_objects = replace(scene, attributes=(replace(scene.attributes[0], kind="object"),))
    assert rank(of_objects) == ()


def test_duplicates_are_counted_among_kept_detections_at_the_objects_they_point_at():
    truth, run = ground_truth_of(list(range(50))), detections_of([0] * 90)
    true_positive = [d < 50 for d in range(90)]
    rows = [("duplicate", d % 10, d, False) for d in range(50, 85)] + [
        ("background", -1, d, False) for d in range(85, 90)
    ]
    scene = Scene(
        truth,
        run,
        (attribute_of("size", "object", ["large", "small", "n/a (background)"], [0] * 10 + [1] * 40, [2] * 90),),
        operating_point_of([True] * 90, true_positive, [True] * 50),
        errors_of(rows, truth, run),
        debts_of([("duplicate", d % 10, d, 1 / 1024) for d in range(50, 85)], truth, run),
        np.array([*range(50), *[-1] * 40], dtype=np.int32),
    )
    (mode,) = rank(scene)
    assert (mode.where, mode.errors, mode.population) == ({"size": "large"}, 35, 45)


# Examples.


def losses(rows, debts, images, ids=None) -> FailureMode:
    """The one mode of a scene whose objects 0 to 39 are hot, with these errors and debts; 30 more errors are free."""
    hot = len(images)
    truth = ground_truth_of([*images, *range(200, 240), *range(300, 600)], ids=ids)
    run = detections_of([0] * 20, record=range(100, 120))
    free = [("localization", g, -1, True) for g in range(hot, hot + 40)]
    codes = [0] * (hot + 40) + [1] * 300
    scene = Scene(
        truth,
        run,
        (attribute_of("spot", "object", ["hot", "cold", "n/a (background)"], codes, [2] * 20),),
        operating_point_of([True] * 20, [False] * 20, [False] * len(codes)),
        errors_of([*rows, *free], truth, run),
        debts_of(debts, truth, run),
        np.full(20, -1, dtype=np.int32),
    )
    (mode,) = rank(scene)
    return mode


def test_examples_are_the_costliest_one_an_image_and_at_most_twelve():
    rows = [("localization", g, -1, True) for g in range(4)]
    debts = [("localization", g, -1, gap) for g, gap in enumerate([0.25, 0.125, 0.5, 0.0625])]
    mode = losses(rows, debts, [7, 7, 3, 3])
    assert [(e.image_id, e.object_id) for e in mode.examples[:3]] == [(3, 2), (7, 0), (200, 4)]
    assert len(mode.examples) == 12
    assert len({e.image_id for e in mode.examples}) == 12


def test_examples_go_on_with_the_costliest_when_images_run_out():
    scene = scene_of(["time"], [Cell(("night",), 40, 35), Cell(("day",), 60, 0)], images=6)
    debts = debts_of([("missed", g, -1, (g + 1) / 1024) for g in range(35)], scene.ground_truth, scene.detections)
    (mode,) = rank(replace(scene, debts=debts))
    assert [e.object_id for e in mode.examples] == [34, 33, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23]
    assert [e.image_id for e in mode.examples[:6]] == [4, 3, 2, 1, 0, 5]


def test_examples_weigh_what_the_owner_owes_for_the_cause_and_show_a_pair_once():
    rows = [("localization", 0, 3, True), ("localization", 0, 3, False), ("localization", 1, 4, False)]
    debts = [("localization", 0, -1, 0.0625), ("localization", 0, 3, 0.25), ("localization", 1, 4, 0.125)]
    debts.append(("duplicate", 1, 4, 0.5))
    mode = losses(rows, debts, [0, 0])
    shown = [(e.image_id, e.object_id, e.detection) for e in mode.examples]
    assert shown[0] == (0, 0, 103)
    assert shown.count((0, 0, 103)) == 1
    assert mode.errors == 43


def test_example_ties_go_by_image_annotation_and_record():
    rows = [("localization", g, d, False) for g, d in [(2, 5), (1, 9), (0, 8), (0, 7)]]
    debts = [("localization", g, d, 0.25) for _, g, d, _ in rows]
    ids = [50, 20, 10, *range(1000, 1340)]
    mode = losses(rows, debts, [1, 1, 0], ids=ids)
    assert [(e.image_id, e.object_id, e.detection) for e in mode.examples[:2]] == [(0, 10, 105), (1, 20, 109)]
    mode = losses(rows[2:], debts, [1, 1, 0], ids=ids)
    assert [(e.object_id, e.detection) for e in mode.examples[:1]] == [(50, 107)]


def test_an_error_seen_from_both_sides_is_one_example():
    truth, run = ground_truth_of([0, 0]), detections_of([0, 0])
    rows = [("localization", 0, 0, False), ("localization", 1, 1, False), ("localization", 0, 0, True)]
    errors = errors_of(rows, truth, run)
    shown = choose_examples(truth, run, errors, np.arange(3), np.array([2.0, 1.0, 3.0]))
    assert [(e.object_id, e.detection) for e in shown] == [(0, 0), (1, 1)]


def test_an_error_weighs_what_its_owner_owes():
    truth, run = ground_truth_of([0, 0]), detections_of([0, 0])
    errors = errors_of([("localization", 0, 1, False), ("localization", 0, 1, True), ("both", 1, -1, True)], truth, run)
    debts = debts_of(
        [("localization", 0, -1, 1.0), ("localization", 0, 1, 2.0), ("duplicate", 0, 1, 4.0), ("missed", 1, -1, 8.0)],
        truth,
        run,
    )
    assert weigh_errors(errors, np.arange(3), debts, "localization").tolist() == [2.0, 1.0, 0.0]


# Causes over all data.


def test_total_causes_divide_errors_and_gap():
    cells = [Cell(("night",), 40, 20, 1 / 1024)]
    one, two = scene_of(["time"], cells, cause="both", images=7), scene_of(["time"], cells, cause="max_detections")
    errors = concatenate(one.errors, two.errors)
    asked = []
    totals = total_causes(errors, one.debts, lambda cause: asked.append(cause) or 0.5)
    assert [total.cause for total in totals] == [
        "both",
        "max_detections",
        *(cause for cause in CAUSES if cause not in ("both", "max_detections")),
    ]
    assert (totals[0].errors, totals[0].images, totals[0].gap, totals[0].gain) == (20, 7, 20 / 1024, 0.5)
    assert (totals[1].errors, totals[1].images, totals[1].gap, totals[1].gain) == (20, 20, 0.0, 0.0)
    assert sorted(asked) == sorted(GAP_CAUSES)


@given(small_scenes)
@settings(max_examples=30)
def test_total_causes_add_up(scene):
    totals = total_causes(scene.errors, scene.debts, lambda cause: None)
    assert sorted(total.cause for total in totals) == sorted(CAUSES)
    assert sum(total.errors for total in totals) == len(scene.errors.cause)
    assert sum(total.gap for total in totals) == scene.debts.gap.sum()
    gaps = [(-total.gap, -total.errors, CAUSES.index(total.cause)) for total in totals]
    assert gaps == sorted(gaps)


def test_nothing_at_all():
    scene = random_scene(0, 0, 0, 0, 0.5)
    assert rank(scene) == ()
    assert [total.cause for total in total_causes(scene.errors, scene.debts, lambda cause: None)] == list(CAUSES)


def test_order_of_attributes_and_rows_does_not_matter():
    scene = random_scene(6, 60, 1200, 600, 0.8)
    assert rank(scene)
    turned = replace(
        scene,
        attributes=scene.attributes[::-1],
        errors=type(scene.errors)(**{name: column[::-1] for name, column in vars(scene.errors).items()}),
        debts=type(scene.debts)(**{name: column[::-1] for name, column in vars(scene.debts).items()}),
    )
    assert [as_dict(mode) for mode in rank(turned)] == [as_dict(mode) for mode in rank(scene)]


# How sure: tests, conjunctions of three, odds ratios within strata.


def test_rule_1_a_slice_needs_a_rate_that_differs_beyond_noise():
    """Twice the rate and 30 errors, but of images that fail as a whole: ten images are no hundred objects."""
    cells = [Cell(("night",), 100, 40), Cell(("day",), 100, 20)]
    assert wheres(rank(scene_of(["time"], cells))) == [{"time": "night"}]
    scene = scene_of(["time"], cells)
    by_tens = replace(scene.ground_truth, image=(np.arange(200) // 10).astype(np.int32))
    assert rank(replace(scene, ground_truth=by_tens)) == ()


@pytest.mark.parametrize(("images", "listed"), [(5, True), (4, False)])
def test_rule_1_a_slice_of_fewer_than_5_images_is_not_tried(images, listed):
    cells = [Cell(("night",), 100, 100), Cell(("day",), 400, 0)]
    scene = scene_of(["time"], cells)
    image = np.where(np.arange(500) < 100, np.arange(500) % images, np.arange(500)).astype(np.int32)
    modes = rank(replace(scene, ground_truth=replace(scene.ground_truth, image=image)))
    assert wheres(modes) == [{"time": "night"}] * listed


def test_rule_1_a_slice_of_fewer_than_30_members_is_not_tried():
    """Two errors at each of 20 objects: errors enough, objects not."""
    cells = [Cell(("night",), 20, 20), Cell(("day",), 400, 0)]
    scene = scene_of(["time"], cells, cause="localization")
    assert rank(replace(scene, errors=concatenate(scene.errors, scene.errors))) == ()
    cells[0] = Cell(("night",), 30, 30)
    scene = scene_of(["time"], cells, cause="localization")
    assert wheres(rank(replace(scene, errors=concatenate(scene.errors, scene.errors)))) == [{"time": "night"}]


def test_what_is_larger_than_80_percent_is_not_tried():
    """It would only make the others less sure: nearly everything is "in"."""
    cells = [
        Cell((time, place), 50 if place == "in" else 8, 32 if (time, place) == ("night", "in") else 2)
        for time in ("day", "night", "dusk", "dawn")
        for place in ("in", "out")
    ]
    scene = scene_of(["time", "place"], cells)
    modes = rank(scene)
    assert wheres(modes) == [{"time": "night"}]
    assert [as_dict(mode) for mode in modes] == near(naive_failure_modes(scene))


def three_way(rain_at_night: int) -> Scene:
    """Misses where it is night, rainy and small at once; nothing else matters."""
    cells = []
    for time in ("day", "night"):
        for weather in ("dry", "rain"):
            for size in ("large", "small"):
                is_hot = (time, weather, size) == ("night", "rain", "small")
                cells.append(Cell((time, weather, size), 100, rain_at_night if is_hot else 3))
    return scene_of(["time", "weather", "size"], cells)


def test_a_conjunction_of_three_is_listed_where_its_pairs_are_hot_by_it_alone():
    scene = three_way(80)
    (mode,) = rank(scene)
    assert mode.where == {"size": "small", "time": "night", "weather": "rain"}
    assert (mode.errors, mode.population) == (80, 100)
    assert mode.q_value is not None
    assert mode.q_value < 1e-12
    assert [as_dict(mode) for mode in rank(scene)] == near(naive_failure_modes(scene))


def test_a_conjunction_that_is_no_hotter_than_its_pairs_is_none():
    cells = [
        Cell((time, weather, place), 100, 60 if (time, weather) == ("night", "rain") else 3)
        for time in ("day", "night")
        for weather in ("dry", "rain")
        for place in ("in", "out")
    ]
    assert wheres(rank(scene_of(["time", "weather", "place"], cells))) == [{"time": "night", "weather": "rain"}]


@pytest.mark.parametrize(("out", "expected"), [(30, {"place": "in"}), (29, {})])
def test_a_conjunction_of_three_needs_a_rest_of_30_in_its_pairs(out, expected):
    cells = [Cell(("night", "rain", "in"), 100, 60), Cell(("night", "rain", "out"), out, 0)]
    cells += [
        Cell((time, weather, place), 100, int((time, weather) == ("day", "dry")))
        for time, weather in (("night", "dry"), ("day", "rain"), ("day", "dry"))
        for place in ("in", "out")
    ]
    scene = scene_of(["time", "weather", "place"], cells)
    assert wheres(rank(scene)) == [{**expected, "time": "night", "weather": "rain"}]
    assert [as_dict(mode) for mode in rank(scene)] == near(naive_failure_modes(scene))


def test_a_name_without_prefix_is_preferred():
    cells = [Cell(("night", "night"), 60, 40), Cell(("day", "day"), 120, 5)]
    assert wheres(rank(scene_of(["annotation.time", "time"], cells))) == [{"time": "night"}]


def test_rule_5_names_the_same_members_once():
    cells = [
        Cell(("night", "dry", "dry"), 1000, 300),
        Cell(("night", "rain", "rain"), 500, 200),
        Cell(("day", "dry", "dry"), 4000, 10),
    ]
    mode = rank(scene_of(["time", "image.weather", "weather"], cells))[0]
    assert [dict(hotter.where) for hotter in mode.hotter_within] == [{"time": "night", "weather": "rain"}]


def test_the_odds_ratio_is_taken_within_class_and_size():
    """Night fails more only because it is full of small objects: 60 % of small ones fail by day and by night."""
    cells = [
        Cell(("night", "small", "cat"), 300, 180),
        Cell(("night", "large", "cat"), 100, 10),
        Cell(("day", "small", "cat"), 100, 60),
        Cell(("day", "large", "cat"), 300, 30),
    ]
    scene = scene_of(["time", "size", "class"], cells, kinds=["image", "geometry", "class"])
    modes = {tuple(mode.where.items()): mode for mode in rank(scene)}
    (small,) = (mode for where, mode in modes.items() if where == (("size", "small"),))
    assert small.adjusted_odds_ratio == pytest.approx((240 / 160) / (40 / 360))
    assert [as_dict(mode) for mode in rank(scene)] == near(naive_failure_modes(scene))


# What errors cost.


def costly() -> Scene:
    misses = scene_of(["size"], [Cell(("large",), 400, 150), Cell(("small",), 100, 90), Cell(("other",), 400, 30)])
    loose = replace(misses, errors=replace(misses.errors, cause=misses.errors.cause + 1))
    return replace(
        misses,
        errors=concatenate(misses.errors, loose.errors),
        debts=concatenate(misses.debts, replace(misses.debts, cause=misses.debts.cause + 1)),
    )


def test_rank_by_cost():
    modes = rank(costly(), rank_by="cost", costs={"missed": 1.0, "localization": 1.5})
    assert [(mode.cause, mode.where["size"], mode.cost) for mode in modes] == [
        ("localization", "large", 225.0),
        ("missed", "large", 150.0),
        ("localization", "small", 135.0),
        ("missed", "small", 90.0),
    ]


def test_what_is_not_named_costs_nothing_and_the_class_goes_first():
    modes = rank(costly(), rank_by="cost", costs={"missed:thing": 3.0, "missed": 1.0})
    assert [mode.cost for mode in modes] == [450.0, 270.0, 0.0, 0.0]
    assert {mode.cost for mode in rank(costly())} == {None}


def test_the_class_of_a_cost_is_that_of_the_address():
    scene = costly()
    is_dog = scene.errors.object % 2
    truth = replace(
        scene.ground_truth, categories=type(scene.ground_truth.categories)(np.array([1, 2]), ("cat", "d:g"))
    )
    scene = replace(scene, ground_truth=truth, errors=replace(scene.errors, category=is_dog.astype(np.int32)))
    (mode, *_) = rank(scene, rank_by="cost", costs={"missed:d:g": 2.0})
    assert (mode.where, mode.cost) == ({"size": "large"}, 2.0 * 75)


@pytest.mark.parametrize(
    ("costs", "message"),
    [
        ({}, "cannot rank by cost without costs"),
        ({"lost": 1.0}, "there is no cause 'lost'.*Causes: .*missed"),
        ({"locaization": 1.0}, "there is no cause 'locaization'.*Causes: localization, "),
        ({"missed:cow": 1.0}, "there is no class 'cow'.*Classes: thing"),
        ({"missed": -1.0}, "-1.0 is no cost"),
        ({"missed": float("nan")}, "nan is no cost"),
    ],
)
def test_costs_without_a_meaning_are_refused(costs, message):
    with pytest.raises(InputError, match=message):
        rank(costly(), rank_by="cost", costs=costs)
