"""The room 'gates': when a run is bad enough to be stopped.

Takes the text of rules, and the numbers that a rule is about; gives `mapgap.verdicts`.
"""

from mapgap.gates.judging import in_order, judge
from mapgap.gates.rule_lists import rules_of_text
from mapgap.gates.rules import parse_rule

__all__ = ["in_order", "judge", "parse_rule", "rules_of_text"]
