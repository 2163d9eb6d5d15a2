"""Pictures in a folder: found without ever leaving it, read within limits, upright where their boxes are.

Imports nothing, so that a process that only looks at pictures stays small; see `reading` and `opening`.
"""
