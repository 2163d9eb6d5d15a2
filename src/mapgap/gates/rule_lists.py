"""A file of rules: one a line; what begins with # is a remark."""

from mapgap.errors import InputError
from mapgap.gates.rules import EXAMPLE, parse_rule
from mapgap.verdicts import Rule

BYTE_ORDER_MARK = "\ufeff"


def rules_of_text(content: bytes, name: str) -> tuple[Rule, ...]:
    """The rules of a file called `name`, in its order; InputError names the line.

    UTF-8, lines end as on any system. A file without a rule is refused: nobody meant to write one.
    """
    try:
        text = content.decode("utf-8").removeprefix(BYTE_ORDER_MARK)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputError("no UTF-8", file=name, where=f"line {line}", fix="Write the rules as text in UTF-8") from None
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    rules = tuple(
        parse_rule(line, f"{name}, line {number}") for number, line in enumerate(lines, start=1) if _is_rule(line)
    )
    if not rules:
        raise InputError("the file holds no rule", file=name, fix=f"Write one a line, as in {EXAMPLE}")
    return rules


def _is_rule(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")
