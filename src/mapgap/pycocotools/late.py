"""Attributes that are made when somebody first reads them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Recipe:
    """A module-level function and its arguments, so that an unmade attribute can be copied and pickled."""

    make: Callable[..., Any]
    arguments: tuple[Any, ...]


class Late:
    """An attribute that may be assigned a `Recipe`: the first reader makes the value, later ones get the same."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        if self.name not in instance.__dict__:
            raise AttributeError(self.name)
        value = instance.__dict__[self.name]
        if isinstance(value, Recipe):
            value = instance.__dict__[self.name] = value.make(*value.arguments)
        return value

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.name] = value


def is_unmade(instance: Any, name: str) -> bool:
    """Whether the attribute still waits for its first reader."""
    return isinstance(instance.__dict__.get(name), Recipe)
