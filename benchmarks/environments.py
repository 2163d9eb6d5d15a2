"""A virtual environment for each contender, so that none sees the packages of another."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CHECKOUT = "CHECKOUT"
"""Stands for the project itself in a list of packages: built, not installed as a link."""
MARK = "benchmark.json"

Step = tuple[str, ...]
"""Arguments of one `pip install`."""


def default_environments() -> Path:
    """Where environments go unless the command line says otherwise."""
    return Path(tempfile.gettempdir()) / "mapgap-benchmarks" / "environments"


def ensure_environment(folder: Path, steps: Sequence[Step], *, upgrade: bool) -> None:
    """Makes the environment, unless it is there from the same steps; with `upgrade` from the registry's latest.

    The environment with the checkout is also made anew when a source file has changed.
    """
    mark = {"steps": [list(step) for step in steps], "python": sys.version}
    if any(CHECKOUT in step for step in steps):
        mark["sources"] = [sources_hash()]
    marked = folder / MARK
    if not upgrade and marked.exists() and json.loads(marked.read_text()) == mark:
        return
    print(f"installing {folder.name}", file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    for step in steps:
        _install(folder, step)
    marked.write_text(json.dumps(mark))


def versions(folder: Path, packages: Sequence[str]) -> dict[str, str]:
    """The installed versions of these packages."""
    code = (
        "import json, sys\nfrom importlib.metadata import version\n"
        "print(json.dumps({name: version(name) for name in sys.argv[1:]}))"
    )
    done = subprocess.run([python_of(folder), "-c", code, *packages], check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout))


def python_of(folder: Path) -> str:
    """The interpreter of an environment."""
    return str(folder / "bin" / "python")


def sources_hash() -> str:
    """Changes with any file that the build of the project reads."""
    paths = [ROOT / "pyproject.toml", ROOT / "CMakeLists.txt", *sorted((ROOT / "src").rglob("*"))]
    sha = hashlib.sha256()
    for path in paths:
        if path.is_file() and path.suffix not in (".so", ".pyc"):
            sha.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return sha.hexdigest()


def _install(folder: Path, step: Step) -> None:
    arguments = [str(ROOT) if argument == CHECKOUT else argument for argument in step]
    if CHECKOUT in step:
        # Build files stay out of the checkout.
        arguments += ["--config-settings", f"build-dir={folder.resolve()}-build"]
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    command = [python_of(folder), "-m", "pip", "install", "--quiet", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"pip install {' '.join(arguments)} failed:\n{done.stderr}")
