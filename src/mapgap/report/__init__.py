"""The report: one analysis in, the files of the report folder out, as bytes; nothing here touches the user's disk.

Its modules are imported one by one, because `mapgap evaluate` needs a few of them, and those do without NumPy.
"""
