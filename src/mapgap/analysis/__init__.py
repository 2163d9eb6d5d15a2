"""The composer: orders the stages and holds what they found.

Its modules are imported one by one, because `evaluation` must not pull in what only `analysis` needs.
"""
