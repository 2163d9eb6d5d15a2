"""mapgap demo: built-in pictures, a simulated detector, and the report on it."""

import rich_click as click

from mapgap.cli.exit_codes import exit_codes_help
from mapgap.cli.options import output_option


@click.command(epilog=exit_codes_help(bad_input="bad command line", no_access="cannot write"))
@output_option("mapgap-demo", "mapgap demo")
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    panel="Data",
    help="Another seed, other pictures.",
)
def demo(output: str, seed: int) -> None:
    """Render demo pictures, simulate a detector with known weaknesses, and report on it.

    Writes the pictures, gt.json, detections.json, weaknesses.json and report/ into the output folder.

    \b
    Examples:
      mapgap demo
      mapgap demo -o /tmp/demo --seed 7
    """
    from mapgap.analysis.demo import DEMO_STAGES, write_demo
    from mapgap.cli.output import print_lines
    from mapgap.cli.progress import StageProgress
    from mapgap.report.headline import headline_lines

    with StageProgress(DEMO_STAGES) as progress:
        folder, analysis = write_demo(output, seed=seed, progress=progress)
    print_lines([*headline_lines(analysis.summary), f"Report: {folder / 'report' / 'report.html'}"])
