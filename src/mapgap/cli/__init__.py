"""The command line: it only translates arguments, files, streams and exit codes."""

from mapgap.cli.app import main

__all__ = ["main"]
