"""mapgap serve: a written report in this machine's browser, with its pictures."""

import rich_click as click

from mapgap.cli.exit_codes import exit_codes_help
from mapgap.cli.options import PATH, named_folder


@click.command(
    epilog=exit_codes_help(
        bad_input="no mapgap report in the folder, or bad command line", no_access="cannot read, or port taken"
    )
)
@click.argument("folder", metavar="DIR", type=PATH, callback=named_folder)
@click.option(
    "--images",
    metavar="DIR",
    type=PATH,
    default=None,
    callback=named_folder,
    panel="What is shown",
    help="Folder of the pictures, for a report written with --link-images; files outside of it are never shown.",
)
@click.option(
    "--port",
    metavar="N",
    type=click.IntRange(0, 65535),
    default=0,
    show_default="a free one",
    panel="Where",
    help="Port on 127.0.0.1.",
)
def serve(folder: str, images: str | None, port: int) -> None:
    """Show the report in DIR, which mapgap report wrote, in a browser on this machine.

    Prints the address, which holds a key that is new every time, and answers until Ctrl-C (exit code 130). Only this
    machine can reach it; it only reads, and shows only files of the report and, with --images, pictures.

    \b
    Examples:
      mapgap serve mapgap-report
      mapgap serve reports/yolo --images val2017
      mapgap serve reports/yolo --port 8000
    """
    from pathlib import Path

    from mapgap.analysis.exchanging import restore
    from mapgap.analysis.reporting import REPORT_ENTRIES
    from mapgap.cli.output import print_lines
    from mapgap.pictures.places import picture_folder
    from mapgap.serving import Served, open_server, report_folder

    restore(Path(folder))
    served = Served(
        report_folder(folder), frozenset(REPORT_ENTRIES), None if images is None else picture_folder(images)
    )
    with open_server(served, port) as server:
        print_lines([server.address])
        server.serve_forever()
