"""TIDE: what fixing each kind of error would add to AP50, by the rules of tidecv 1.0.1."""

from mapgap.tide.fixes import tide

__all__ = ["tide"]
