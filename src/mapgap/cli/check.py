"""mapgap check: stops a run that is worse than its baseline."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import rich_click as click

from mapgap.cli.analysis_options import gate_options, score_rule
from mapgap.cli.exit_codes import FINE, GATE_FAILED, exit_codes_help
from mapgap.cli.options import COUNTING, OUTPUT, PATH, input_arguments, json_option, named_path, optional_output_option
from mapgap.errors import InputError

if TYPE_CHECKING:
    from mapgap.analysis.checking import Checked
    from mapgap.verdicts import Gate, Rule

GATE = "The gate"
STEP_SUMMARY = "GITHUB_STEP_SUMMARY"
"""GitHub Actions names in this variable the file that a step adds its summary to."""


@click.command(epilog=exit_codes_help(fine="no rule failed, warnings allowed", gate_failed="a rule failed"))
@input_arguments
@click.option(
    "--baseline",
    required=True,
    metavar="DIR|FILE",
    type=PATH,
    callback=named_path,
    panel=GATE,
    help="Report folder of the run to compare with, or its summary.json alone, which gives no intervals.",
)
@click.option(
    "--fail-if",
    "fail_if",
    multiple=True,
    metavar="RULE",
    panel=GATE,
    help="What fails the run, in points, as in 'recall[size=small] drop > 1' or 'AP < 35'; may be repeated.",
)
@click.option(
    "--rules",
    "rules_file",
    metavar="FILE",
    type=PATH,
    callback=named_path,
    panel=GATE,
    help="File of such rules, one a line; a line that begins with # is a remark.",
)
@click.option(
    "--strict", is_flag=True, panel=GATE, help="A change beyond a rule fails even if its interval holds zero."
)
@click.option(
    "--common-images",
    is_flag=True,
    panel=COUNTING,
    help="Leave out the images whose ground truth is not that of the baseline, which is refused otherwise.",
)
@click.option(
    "--score-threshold",
    default=None,
    show_default="that of the baseline, as a number",
    metavar="RULE",
    callback=lambda context, option, text: None if text is None else score_rule(context, option, text),
    panel=COUNTING,
    help="Score from which detections of both runs count: a number, best-f1, precision=P or recall=R.",
)
@gate_options
@click.option(
    "--junit",
    metavar="FILE",
    type=PATH,
    callback=named_path,
    panel=OUTPUT,
    help="Also write JUnit XML, one test case a rule.",
)
@click.option(
    "--markdown",
    metavar="FILE",
    type=PATH,
    callback=named_path,
    panel=OUTPUT,
    help=f"Also write Markdown; to the file that ${STEP_SUMMARY} names it is added, any other is replaced.",
)
@click.option("--github", is_flag=True, panel=OUTPUT, help="Also print annotations for GitHub Actions.")
@optional_output_option(
    "Also write a report on the run, a baseline for later; a mapgap report there is replaced, anything else is refused."
)
@json_option
def check(
    ground_truth: str,
    detections: str,
    baseline: str,
    fail_if: tuple[str, ...],
    rules_file: str | None,
    strict: bool,
    common_images: bool,
    score_threshold: float | str | None,
    asked: dict[str, Any],
    junit: str | None,
    markdown: str | None,
    github: bool,
    output: str | None,
    as_json: bool,
) -> int:
    """Fail if a run is worse than its baseline by more than the rules allow; for continuous integration.

    A rule is METRIC[SLICE] drop > NUMBER (or rise), or METRIC[SLICE] < NUMBER about the run alone. Metrics are COCO's
    twelve, precision, recall, f1 and gap in points (hundredths), and the counts tp, fp, fn and objects. A slice is
    [size=small,time_of_day=night], any expression of --where, or [*] for every slice of one attribute that is large
    enough.

    A change fails if it is beyond the rule and its paired 95 % interval excludes zero; under [*] it must also stand
    the correction for many slices. IoU, bins and named slices are those of the baseline. Without rules:
    AP drop > 0.5, recall drop > 1, precision drop > 1 and recall[*] drop > 2.

    \b
    Examples:
      mapgap report gt.json released.json -o baseline
      mapgap check gt.json new.json --baseline baseline
      mapgap check gt.json new.json --baseline baseline --fail-if 'AP drop > 0.5' --fail-if 'recall[size=small] < 40'
      mapgap check gt.json new.json --baseline baseline --rules gate.rules --junit gate.xml --github
    """
    from mapgap.analysis.checking import CHECK_STAGES, USUAL_RULES
    from mapgap.analysis.checking import check as check_run
    from mapgap.analysis.folder import require_writable
    from mapgap.analysis.reporting import REPORT_ENTRIES
    from mapgap.analysis.whole_file import require_file_writable
    from mapgap.cli.output import print_bytes, print_lines, print_note, print_warnings
    from mapgap.cli.progress import StageProgress
    from mapgap.report.gate.github import gate_annotations
    from mapgap.report.gate.record import gate_record
    from mapgap.report.json_files import json_bytes

    if as_json and github:
        raise InputError("--json and --github both print to stdout", fix="Use one of them")
    given = (ground_truth, detections, baseline, rules_file, asked["attributes"], asked["images"])
    inputs = [path for path in given if path]
    for path in (junit, markdown):
        if path is not None:
            require_file_writable(path, inputs)
    if output is not None:
        require_writable(output, known=REPORT_ENTRIES, inputs=inputs)
    rules = _rules(fail_if, rules_file)
    with StageProgress(CHECK_STAGES) as progress:
        checked = check_run(
            ground_truth,
            detections,
            baseline,
            rules,
            strict=strict,
            score_threshold=score_threshold,
            common_images=common_images,
            for_report=output is not None,
            progress=progress,
            **asked,
        )
        if output is not None:
            progress("report")
            checked.now.report(output)
    gate = checked.gate
    _write(gate, junit, markdown)
    print_warnings(gate.notices)
    if not rules:
        print_note(f"no rules were given: {', '.join(USUAL_RULES[: len(gate.rules)])}")
    if as_json:
        print_bytes(json_bytes(gate_record(gate)))
    else:
        print_lines([*(gate_annotations(gate) if github else []), *_lines(checked, output)])
    return FINE if gate.is_passed else GATE_FAILED


def _rules(fail_if: tuple[str, ...], rules_file: str | None) -> "list[Rule]":
    """Those of the command line, then those of the file."""
    from mapgap.analysis.whole_file import read_file
    from mapgap.coco.file_identity import base_name
    from mapgap.gates import parse_rule, rules_of_text

    rules = [parse_rule(text) for text in fail_if]
    if rules_file is not None:
        rules += rules_of_text(read_file(rules_file), base_name(rules_file))
    return rules


def _write(gate: "Gate", junit: str | None, markdown: str | None) -> None:
    """The files that were asked for."""
    from mapgap.analysis.whole_file import append_to_file, write_file
    from mapgap.report.gate.junit import gate_junit
    from mapgap.report.gate.markdown import gate_markdown

    if junit is not None:
        write_file(junit, gate_junit(gate))
    if markdown is not None:
        is_summary = os.environ.get(STEP_SUMMARY) and os.path.realpath(os.environ[STEP_SUMMARY]) == os.path.realpath(
            markdown
        )
        put: Callable[[str, bytes], None] = append_to_file if is_summary else write_file
        put(markdown, gate_markdown(gate))


def _lines(checked: "Checked", output: str | None) -> list[str]:
    """The verdict, the table, and what it does not say of itself."""
    from pathlib import Path

    from mapgap.cli.output import table_lines
    from mapgap.report.gate.rows import COLUMNS, gate_rows, headline, remarks, subject

    gate = checked.gate
    lines = [
        f"{headline(gate)} ({subject(gate)})",
        *table_lines(COLUMNS, [row.cells for row in gate_rows(gate)]),
        *remarks(gate),
    ]
    return lines if output is None else [*lines, f"Report: {Path(output) / 'report.html'}"]
