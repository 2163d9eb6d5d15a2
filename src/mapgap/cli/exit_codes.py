"""The exit codes, which scripts rely on, and how --help tells them."""

FINE = 0
GATE_FAILED = 1
BAD_INPUT = 2
NO_ACCESS = 3
OUT_OF_RESOURCES = 4
BUG = 70
HUNG_UP = 129
INTERRUPTED = 130
TERMINATED = 143

MEANINGS = {
    FINE: "fine, warnings allowed",
    BAD_INPUT: "bad input or command line",
    NO_ACCESS: "cannot read or write",
    OUT_OF_RESOURCES: "out of memory or disk",
    BUG: "a bug in mapgap",
    HUNG_UP: "terminal closed",
    INTERRUPTED: "interrupted",
    TERMINATED: "terminated",
}


def exit_codes_help(**other_meanings: str) -> str:
    """The end of a command's help: one line a code.

    `fine`, `bad_input` and `no_access` replace the words for 0, 2 and 3; `gate_failed` adds those for 1.
    """
    gate = {GATE_FAILED: other_meanings["gate_failed"]} if "gate_failed" in other_meanings else {}
    meanings = {
        FINE: other_meanings.get("fine", MEANINGS[FINE]),
        **gate,
        **{code: words for code, words in MEANINGS.items() if code != FINE},
        BAD_INPUT: other_meanings.get("bad_input", MEANINGS[BAD_INPUT]),
        NO_ACCESS: other_meanings.get("no_access", MEANINGS[NO_ACCESS]),
    }
    # rich-click makes one line of what stands between empty lines.
    return "\n\n".join(["Exit codes:", *(f"{code:<4} {meaning}" for code, meaning in meanings.items())])
