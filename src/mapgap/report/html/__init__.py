"""report.html: the static page in Python, its style sheets and the scripts that make it live."""
