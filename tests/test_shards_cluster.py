"""Shards on a Dask cluster of two processes, one of which is killed in the middle: the same bytes."""

import json
import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import mapgap
from mapgap.cli import shards
from mapgap.errors import AccessError, ResourceError
from mapgap.report.json_files import json_bytes
from mapgap.shards.running import runner_of
from tests.command import complaint
from tests.command import mapgap as run_mapgap
from tests.generated import CocoPair
from tests.shard_sets import image_ids_of, write_both, write_results, write_truths
from tests.test_shards_refused import PAIR, THREE

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
"""What a killed worker leaves open is the cluster's own."""

PLANTED = Path(__file__).parent.parent / "datasets" / "planted"


@pytest.fixture
def client() -> Iterator[Any]:
    """Of two worker processes with one thread each."""
    distributed: Any = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, processes=True, threads_per_worker=1, dashboard_address=None, silence_logs=50
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        yield client


class KillingProgress:
    """Kills a worker while shards are read: once in each stage."""

    def __init__(self, client: Any):
        self.client = client
        self.killed: list[int] = []
        self.has_killed = True

    def __call__(self, stage: str) -> None:
        """A stage begins."""
        self.has_killed = "shards" not in stage

    def count(self, done: int, of: int) -> None:
        """So many shards are done."""
        if not self.has_killed and of > 2 and done > 1:
            self.has_killed = True
            workers = self.client.run(os.getpid)
            self.killed.append(next(iter(workers.values())))
            os.kill(self.killed[-1], signal.SIGKILL)


def planted_shards(folder: Path) -> tuple[Path, ...]:
    """The demo data in twelve shards."""
    truth, detections = PLANTED / "gt.json", PLANTED / "detections.json"
    return mapgap.write_shards(truth, detections, folder, shards=12, format="jsonl")


def test_a_killed_worker_changes_nothing(tmp_path: Path, client: Any) -> None:
    paths = planted_shards(tmp_path)
    here = mapgap.evaluate_shards(paths)
    progress = KillingProgress(client)
    there = mapgap.evaluate_shards(paths, client=client, progress=progress)
    assert len(progress.killed) == 2
    assert there.metrics == here.metrics
    assert there.notices == here.notices
    assert there.per_class().equals(here.per_class())
    progress = KillingProgress(client)
    analysis = mapgap.analyze_shards(paths, client=client, progress=progress, resamples=20)
    assert len(progress.killed) == 2
    assert json_bytes(analysis.summary) == json_bytes(mapgap.analyze_shards(paths, resamples=20).summary)


def test_the_command_finds_its_scheduler(tmp_path: Path, client: Any) -> None:
    planted_shards(tmp_path)
    address = client.scheduler.address
    there = run_mapgap("evaluate", "--shards", "*.jsonl", "--scheduler", address, "--json", cwd=tmp_path)
    here = run_mapgap("evaluate", "--shards", "*.jsonl", "--json", cwd=tmp_path)
    assert (there.returncode, there.stderr, there.stdout) == (0, here.stderr, here.stdout)
    report = ("report", "--shards", "*.jsonl", "--resamples", "0", "-o")
    assert run_mapgap(*report, "here", cwd=tmp_path).returncode == 0
    assert run_mapgap(*report, "there", "--scheduler", address, cwd=tmp_path).returncode == 0
    for name in ("summary.json", "slices.csv", "missed.json", "report.md"):
        assert (tmp_path / "here" / name).read_bytes() == (tmp_path / "there" / name).read_bytes()


def test_what_a_worker_refuses_is_told_as_ever(tmp_path: Path, client: Any) -> None:
    write_truths(tmp_path, PAIR, THREE)
    write_results(tmp_path, PAIR, THREE)
    (tmp_path / "results-1.json").write_text('[{"image_id": 3, "category_id": 1, "bbox": [1, 2, 3], "score": 1}]')
    with pytest.raises(mapgap.InputError) as there:
        mapgap.evaluate_shards(tmp_path, client=client)
    with pytest.raises(mapgap.InputError) as here:
        mapgap.evaluate_shards(tmp_path)
    assert str(there.value) == str(here.value)
    (tmp_path / "results-1.json").write_text("[{")
    with pytest.raises(mapgap.InputError, match=r"results-1\.json: the JSON ends too early"):
        mapgap.evaluate_shards(tmp_path, client=client)


def _die(_: int) -> None:
    os._exit(3)


def test_a_shard_that_kills_every_worker_is_given_up(client: Any) -> None:
    with pytest.raises(ResourceError, match="lost the workers that read one shard, again and again"):
        list(runner_of(client).each(_die, [1]))


def test_no_scheduler_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_both(tmp_path, PAIR, THREE)
    for address in ("nonsense://x", "a b"):
        asked = run_mapgap("evaluate", "--shards", tmp_path, "--scheduler", address, cwd=tmp_path)
        assert complaint(asked, 3).startswith(f"no scheduler at {address}: that is no address")
    monkeypatch.setattr(shards, "PATIENCE", "1s")
    with (
        pytest.raises(AccessError, match=r"no scheduler at tcp://127\.0\.0\.1:1: "),
        shards.client_of("tcp://127.0.0.1:1"),
    ):
        pass


def shuffled_shards(folder: Path, truth: Path, results: Path, count: int, kind: str) -> None:
    """The data set in so many files of images dealt out by chance, each with records in any order."""
    chance = random.Random(count)
    pair = CocoPair(json.loads(truth.read_text()), json.loads(results.read_text()))
    ids = image_ids_of(pair)
    chance.shuffle(ids)
    of_image: dict[int, tuple[list[Any], list[Any]]] = {image_id: ([], []) for image_id in ids}
    for side, records in enumerate((pair.ground_truth["annotations"], pair.detections)):
        for record in records:
            of_image[record["image_id"]][side].append(record)
    images = {image["id"]: image for image in pair.ground_truth["images"]}
    for place in range(count):
        part = ids[place::count]
        truth_part = {**pair.ground_truth, "images": [images[i] for i in part]}
        truth_part["annotations"] = [record for i in part for record in of_image[i][0]]
        found = [record for i in part for record in of_image[i][1]]
        (folder / f"{kind}-truth-{chance.random()}.json").write_text(json.dumps(truth_part))
        (folder / f"{kind}-results-{chance.random()}.json").write_text(json.dumps(found))


def test_coco_in_1_7_and_64_shards_is_one_summary(tmp_path: Path, real_data: Path, client: Any) -> None:
    coco = real_data / "coco_val2017"
    truth, results = coco / "instances_val2017_rebuilt.json", coco / "yolov2_608_results.json"
    metrics = mapgap.evaluate(truth, results).metrics
    summaries, numbers = [], []
    for count in (1, 7, 64):
        folder = tmp_path / str(count)
        folder.mkdir()
        shuffled_shards(folder, truth, results, count, "coco")
        numbers.append(mapgap.evaluate_shards(folder).metrics)
        summaries.append(json_bytes(mapgap.analyze_shards(folder).summary))
    progress = KillingProgress(client)
    numbers.append(mapgap.evaluate_shards(tmp_path / "64", client=client, progress=progress).metrics)
    summaries.append(json_bytes(mapgap.analyze_shards(tmp_path / "64", client=client, progress=progress).summary))
    assert len(progress.killed) == 4
    assert numbers == [metrics] * 4
    assert len(set(summaries)) == 1
