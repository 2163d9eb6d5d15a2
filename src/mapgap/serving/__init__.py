"""A written report shown to this machine's own browser: read-only, on the loopback, behind a token."""

from mapgap.serving.served import Served, report_folder
from mapgap.serving.server import ReportServer, open_server

__all__ = ["ReportServer", "Served", "open_server", "report_folder"]
