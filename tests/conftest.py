"""Fixtures: where the real data sets are, and hypothesis profiles."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

pytest.register_assert_rewrite("tests.page_walk")
settings.register_profile(
    "mapgap", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.load_profile("mapgap")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the real data sets; the tests that need it are skipped without MAPGAP_DATA and fail if it is wrong."""
    folder = os.environ.get("MAPGAP_DATA")
    if not folder:
        pytest.skip("MAPGAP_DATA is not set: it names the folder of the real data sets")
    return Path(folder)
