"""Slow twins, written from the definitions with plain loops: what every fast path is held to."""
