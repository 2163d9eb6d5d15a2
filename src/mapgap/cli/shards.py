"""The options of commands that take a run in shards in place of two files."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import rich_click as click

from mapgap.cli.options import PATH
from mapgap.errors import AccessError, InputError

Command = TypeVar("Command", bound=Callable[..., Any])

SHARDS = "Shards"
ADDRESS = re.compile(r"((tcp|tls|ws|wss|ucx)://)?[^\s/]+:\d{1,5}")
"""A client with another one would complain of itself when it is thrown away."""
PATIENCE = "10s"
"""For a scheduler to answer."""


def shards_options(command: Command) -> Command:
    """Adds --shards and --scheduler; the command gets `shards`, a tuple of patterns, and `scheduler`."""
    command = click.option(
        "--scheduler",
        metavar="ADDRESS",
        panel=SHARDS,
        help="Of a Dask cluster whose workers read the shards, such as tcp://10.0.0.5:8786; needs mapgap[dask].",
    )(command)
    return click.option(
        "--shards",
        multiple=True,
        type=PATH,
        metavar="PATTERN",
        panel=SHARDS,
        help="Files split by image in place of GT and DT, as in 'runs/*.parquet'; may be repeated.",
    )(command)


def patterns_of(
    context: click.Context, ground_truth: str | None, runs: object, shards: tuple[str, ...], scheduler: str | None
) -> tuple[str, ...] | None:
    """The patterns of all shards, of a whole GT too; None where the run is two files; a usage error for neither."""
    if shards:
        if runs:
            raise click.UsageError("With --shards name the files of detections there, and leave DT out", context)
        return shards if ground_truth is None else (ground_truth, *shards)
    if scheduler is not None:
        raise click.UsageError("--scheduler needs --shards: what the workers are to read", context)
    for parameter, given in zip(context.command.params[:2], (ground_truth, runs), strict=True):
        if given is None or given == {}:
            raise click.MissingParameter(ctx=context, param=parameter)
    return None


@contextmanager
def client_of(scheduler: str | None) -> Iterator[Any]:
    """The client of the cluster at this address, closed behind; None for no address. AccessError if none answers."""
    if scheduler is None:
        yield None
        return
    try:
        from distributed import Client
    except ImportError:
        raise InputError("--scheduler needs Dask", fix='Install it: pip install "mapgap[dask]"') from None
    fix = "Give the address that the scheduler prints, such as tcp://10.0.0.5:8786"
    if not ADDRESS.fullmatch(scheduler):
        raise AccessError(f"no scheduler at {scheduler}: that is no address. {fix}")
    untyped: Any = Client
    try:
        client = untyped(scheduler, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        reason = str(error) or type(error).__name__
        raise AccessError(f"no scheduler at {scheduler}: {reason.splitlines()[0]}. {fix}") from None
    with client:
        yield client
