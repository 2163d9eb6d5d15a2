"""mapgap classify: a plain classifier's numbers, slices and blind spots from a file of predictions."""

from typing import TYPE_CHECKING

import rich_click as click

from mapgap.cli.command_line import TellingCommand
from mapgap.cli.exit_codes import exit_codes_help
from mapgap.cli.options import PATH, SLICING, crosses_option, json_option, optional_output_option

if TYPE_CHECKING:
    from mapgap.classification.reading import Columns

COLUMNS = "Columns"
DECIDING = "What counts as positive"


def _scores(context: click.Context, option: click.Parameter, text: str | None) -> dict[str, str] | None:
    """Label -> column of `cat=p_cat,dog=p_dog`."""
    if text is None:
        return None
    pairs = [part.partition("=") for part in text.split(",")]
    if not all(label and equals and column for label, equals, column in pairs):
        raise click.BadParameter(f"{text!r}: write label=column for each class, as in cat=p_cat,dog=p_dog")
    labels = [label.strip() for label, _, _ in pairs]
    if len(set(labels)) < len(labels):
        raise click.BadParameter(f"{text!r} names a label twice. Give each class one column")
    return dict(zip(labels, (column.strip() for _, _, column in pairs), strict=True))


@click.command(cls=TellingCommand, epilog=exit_codes_help())
@click.argument("file", metavar="FILE", type=PATH)
@click.option("--truth", metavar="COLUMN", panel=COLUMNS, help="True labels; else y_true, truth, label or target.")
@click.option(
    "--prediction", metavar="COLUMN", panel=COLUMNS, help="Predicted labels; else y_pred, prediction or pred."
)
@click.option(
    "--score",
    metavar="COLUMN",
    panel=COLUMNS,
    help="Scores of the positive one of two classes; else score, probability or proba.",
)
@click.option(
    "--scores",
    metavar="LABEL=COLUMN,...",
    callback=_scores,
    panel=COLUMNS,
    help="Scores by class; else columns such as score_LABEL or prob_LABEL.",
)
@click.option("--id", "id_", metavar="COLUMN", panel=COLUMNS, help="Names of the samples; else id, file_name or path.")
@click.option(
    "--group",
    metavar="COLUMN",
    panel=COLUMNS,
    help="Which samples belong together, such as frames of a video: they are drawn and tested as one.",
)
@click.option("--positive", metavar="LABEL", panel=DECIDING, help="Which of two labels counts as positive.")
@click.option(
    "--threshold",
    metavar="RULE",
    panel=DECIDING,
    help="A sample is positive from this score up: a number (usually 0.5), best-f1, precision=P, recall=R, or cost "
    "(fewest errors).",
)
@crosses_option("Also slice by this cross of attributes; may be repeated.")
@click.option(
    "--resamples",
    type=click.IntRange(0, 100_000),
    default=200,
    show_default=True,
    metavar="N",
    panel=SLICING,
    help="Resamples for the 95 % intervals; 0 for none.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="N",
    panel=SLICING,
    help="Of the resamples.",
)
@optional_output_option(
    "Folder to write the report into; one of mapgap classify there is replaced, anything else is refused."
)
@json_option
@click.pass_context
def classify(
    context: click.Context,
    file: str,
    truth: str | None,
    prediction: str | None,
    score: str | None,
    scores: dict[str, str] | None,
    id_: str | None,
    group: str | None,
    positive: str | None,
    threshold: str | None,
    by: list[list[str]],
    resamples: int,
    seed: int,
    output: str | None,
    as_json: bool,
) -> None:
    """Find the blind spots of a plain classifier: rates, confusion matrix, ROC, slices, and a report.

    FILE is CSV (plain or gzip) or Parquet, one row a sample: its true label, its predicted label or scores, and any
    other columns, which become attributes to slice by. Two classes or more. Prints the main numbers; with --json all of
    summary.json; with --output it writes report.html and tables.

    \b
    Examples:
      mapgap classify predictions.csv
      mapgap classify predictions.csv -o reports/signs --by weather,camera
      mapgap classify defects.csv --truth kind --score p_defect --positive defect --threshold recall=0.95
      mapgap classify frames.csv.gz --scores stop=p1,speed=p2,yield=p3 --group video --json
    """
    from os.path import basename

    from mapgap.classification.evaluation import classification_of
    from mapgap.classification.folder import require_report_writable
    from mapgap.classification.headline import headline_lines
    from mapgap.classification.reading import Columns, read_file
    from mapgap.cli.command_line import command_line
    from mapgap.cli.output import print_bytes, print_lines, print_note, print_warnings
    from mapgap.cli.progress import StageProgress
    from mapgap.report.json_files import json_bytes

    if score is not None and scores is not None:
        raise click.UsageError("give --score for two classes or --scores for more, not both")
    if output is not None:
        require_report_writable(output, [file])
    with StageProgress(("reading", "evaluating", "report")) as progress:
        progress("reading")
        asked = Columns(truth, prediction, score, scores, id_, group)
        samples, found = read_file(file, asked, positive=positive, threshold=threshold)
        progress("evaluating")
        result = classification_of(samples, by=by, resamples=resamples, seed=seed)
        summary = result.summary
        progress("report")
        folder = None if output is None else result.report(output, command=command_line(context, [basename(file)]))
    print_note(_told(found))
    print_warnings(result.notices)
    if as_json:
        print_bytes(json_bytes(summary))
        return
    print_lines([*headline_lines(summary), *([] if folder is None else [f"Report: {folder / 'report.html'}"])])


def _told(found: "Columns") -> str:
    """Which column was taken for what."""
    parts = [("truth", found.truth), ("prediction", found.prediction), ("score", found.score)]
    parts += [("scores", ", ".join(found.scores.values()) if found.scores else None)]
    parts += [("id", found.id), ("group", found.group)]
    return "columns: " + "; ".join(f"{name} {column}" for name, column in parts if column is not None)
