"""The score threshold of the operating point in words: one number, any score, or one a class."""

from mapgap.report.json_values import Record

ONE_A_CLASS = "one score threshold a class"


def has_one_a_class(summary: Record) -> bool:
    """Whether each class has a threshold of its own; there is no number to show then."""
    return summary["settings"]["thresholds"] is not None


def asked_words(settings: Record) -> str:
    """What was asked for, with the file it came from."""
    thresholds = settings["thresholds"]
    if thresholds is None:
        return str(settings["score_threshold"])
    return "one a class" if thresholds["name"] is None else f"one a class, from {thresholds['name']}"


def at_words(summary: Record, shown: str) -> str:
    """`score >= .5`, where `shown` says it; otherwise which scores count."""
    if has_one_a_class(summary):
        return ONE_A_CLASS
    return "any score" if summary["operating_point"]["score_threshold"] is None else shown
