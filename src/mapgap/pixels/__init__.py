"""Attributes measured on pictures: how dark, flat, blurred, noisy or hidden an object is, and its image.

Imports nothing, so that a process that only looks at pictures stays small; see `measuring` and `attributes`.
"""
