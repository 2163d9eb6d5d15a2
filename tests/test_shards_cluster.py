"""Shards on a Dask cluster of two processes, one of which is killed in the middle: the same bytes."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import mapgap
from mapgap.errors import ResourceError
from mapgap.report.json_files import json_bytes
from mapgap.shards.running import runner_of
from tests.command import complaint
from tests.command import mapgap as run_mapgap
from tests.shard_sets import write_both, write_results, write_truths
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


def test_no_scheduler_is_told(tmp_path: Path) -> None:
    write_both(tmp_path, PAIR, THREE)
    for address in ("tcp://127.0.0.1:1", "nonsense://x", "a b"):
        asked = run_mapgap("evaluate", "--shards", tmp_path, "--scheduler", address, cwd=tmp_path)
        assert complaint(asked, 3).startswith(f"no scheduler at {address}: ")
