"""The room 'thresholds': score thresholds for all, by class and by slice, and the file they are kept in."""

from mapgap.thresholds.judging import Judged, Outcome, measure_of
from mapgap.thresholds.population import Population
from mapgap.thresholds.proposing import Divided, Partition, Proposal, Proposals, propose
from mapgap.thresholds.reading import (
    SCHEMA,
    GivenThresholds,
    parse_thresholds,
    resolve_thresholds,
    thresholds_of_mapping,
)

__all__ = [
    "SCHEMA",
    "Divided",
    "GivenThresholds",
    "Judged",
    "Outcome",
    "Partition",
    "Population",
    "Proposal",
    "Proposals",
    "measure_of",
    "parse_thresholds",
    "propose",
    "resolve_thresholds",
    "thresholds_of_mapping",
]
