"""Which images each resample draws."""

from operator import index

from mapgap import _kernel
from mapgap.errors import InputError
from mapgap.tables import DrawnArray

MOST_RESAMPLES = 100_000
LARGEST_SEED = (1 << 64) - 1


def checked_draws(resamples: int, seed: int) -> tuple[int, int]:
    """Number of resamples and seed as plain integers. Raises InputError where they are none or out of range."""
    return _whole("resamples", resamples, MOST_RESAMPLES), _whole("seed", seed, LARGEST_SEED)


def draw_images(images: int, *, resamples: int, seed: int) -> DrawnArray:
    """(images, resamples) how often each image is drawn, when as many as there are come back with replacement.

    The same numbers give the same draws on every machine, and fewer resamples are the first of more. Whatever is
    compared must be counted with the same draws.
    """
    return _kernel.resample_images(images, resamples, seed)


def _whole(name: str, number: int, largest: int) -> int:
    try:
        whole = -1 if isinstance(number, bool) else index(number)
    except TypeError:
        whole = -1
    if not 0 <= whole <= largest:
        raise InputError(f"{name} {number!r} is not a whole number from 0 to {largest}", fix=f"Give {name}=0 or more")
    return whole
