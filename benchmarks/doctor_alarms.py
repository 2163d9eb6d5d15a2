"""How often the diagnosis of `mapgap doctor` accuses an honest weak detector, and how often it names a real mistake.

    python benchmarks/doctor_alarms.py [SEEDS]

Every kind of world meets every kind of detector at seven recalls from 0 to .9, once a seed: an alarm is any finding
of the diagnosis but `few_matches`. Then every mistake is made with worlds and detectors of recall .3 to .9, and is
named if exactly the findings come that it should have, and the reading they ask for matches as many objects as the
same detections written right, a fiftieth aside.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from doctor_scenes import MISTAKES, Detector, Mistake, Scene, World, draw_scene

from mapgap.analysis.diagnosing import diagnose_reading

SEEDS = 3
RECALLS = (0.0, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9)
WORLDS = {
    "usual": World(),
    "five objects": World(images=3, objects=(1, 2)),
    "one image": World(images=1, objects=(12, 12), classes=1),
    "one class, one size of images": World(classes=1, alike=True),
    "two classes, one rules": World(classes=2, one_class_rules=True),
    "five classes, one rules": World(one_class_rules=True),
    "COCO's classes": World(images=150, coco=True),
    "small objects": World(sizes="small"),
    "large objects": World(sizes="large", objects=(1, 2)),
    "large, in the middle, images alike": World(sizes="large", objects=(1, 1), centered=True, alike=True, classes=1),
    "crowds of small objects": World(images=20, objects=(60, 120), sizes="small", classes=1),
    "crowds": World(images=20, objects=(40, 80), classes=2, alike=True),
}
DETECTORS = {
    "usual": Detector(),
    "loose": Detector(looseness=0.15),
    "very loose": Detector(looseness=0.3),
    "half as large": Detector(growth=0.5),
    "a third too small": Detector(growth=0.7),
    "a third too large": Detector(growth=1.4),
    "shifted by a third": Detector(shift=0.33),
    "confused": Detector(confusion=0.9),
    "one class for all": Detector(one_class=True),
    "many false alarms": Detector(false_alarms=40),
    "meaningless scores": Detector(scores="meaningless"),
    "equal scores, nothing else": Detector(scores="equal", false_alarms=0),
}
NAMED_WORLDS = {
    "usual": World(),
    "few objects": World(images=20, objects=(1, 3), classes=3),
    "one class, one size of images": World(classes=1, alike=True),
    "small objects": World(sizes="small"),
    "crowds": World(images=20, objects=(40, 80), classes=3),
}
NAMED_DETECTORS = {
    "recall .3": Detector(recall=0.3),
    "recall .6, loose": Detector(recall=0.6, looseness=0.1),
    "recall .9, many false alarms": Detector(recall=0.9, false_alarms=15),
}


def main() -> None:
    """Prints both tables in Markdown."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else SEEDS
    print("| honest detector | diagnoses | alarms | codes |")
    print("| --- | ---: | ---: | --- |")
    for name in DETECTORS:
        alarms = [alarm(*one) for one in honest(name, seeds)]
        codes = Counter(code for one in alarms for code in one)
        print(f"| {name} | {len(alarms)} | {sum(map(bool, alarms))} | {dict(codes) or ''} |", flush=True)
    print("\n| mistake | " + " | ".join(f"{world}" for world in NAMED_WORLDS) + " |")
    print("| --- |" + " ---: |" * len(NAMED_WORLDS))
    for mistake in MISTAKES:
        cells = [named(mistake, world, seeds) for world in NAMED_WORLDS.values()]
        print(f"| {mistake.name} | " + " | ".join(cells) + " |", flush=True)


def honest(name: str, seeds: int) -> Iterator[tuple[str, str, float, int]]:
    """Names of every world, of the detector, a recall and a seed."""
    for world in WORLDS:
        for recall in RECALLS:
            for seed in range(seeds):
                yield world, name, recall, seed


def alarm(world: str, detector: str, recall: float, seed: int) -> list[str]:
    """Codes of the findings that accuse the honest detector; none is right."""
    scene = draw_scene(WORLDS[world], replace(DETECTORS[detector], recall=recall), seed)
    found = [one.code for one in diagnose_reading(scene.ground_truth, scene.raw).findings if one.code != "few_matches"]
    if found:
        print(f"ALARM {world} | {detector} | {recall} | {seed}: {found}", file=sys.stderr)
    return found


def named(mistake: Mistake, world: World, seeds: int) -> str:
    """How many scenes were named, of how many."""
    outcomes = [
        is_named(mistake, draw_scene(world_of(mistake, world), detector, seed))
        for detector in NAMED_DETECTORS.values()
        for seed in range(seeds)
    ]
    return f"{sum(outcomes)}/{len(outcomes)}"


def world_of(mistake: Mistake, world: World) -> World:
    """The world, with COCO's classes where the mistake is about them."""
    return replace(world, coco=True) if mistake.world is not None else world


def is_named(mistake: Mistake, scene: Scene) -> bool:
    """Whether the findings are those that the mistake should have, and the reading matches what the truth does."""
    right = diagnose_reading(scene.ground_truth, scene.raw)
    wrong = mistake.write(scene)
    found = diagnose_reading(wrong.ground_truth, wrong.raw)
    codes = {one.code for one in found.findings}
    is_same = codes == mistake.codes and found.matched >= 0.98 * right.matched_as_read
    if not is_same:
        print(
            f"MISSED {mistake.name}: {sorted(codes)} {found.reading} {found.matched_as_read} -> {found.matched} "
            f"of {right.matched_as_read}",
            file=sys.stderr,
        )
    return is_same


if __name__ == "__main__":
    main()
