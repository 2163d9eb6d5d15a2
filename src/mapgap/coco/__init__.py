"""Reading: COCO files, Python objects and arrays become the frozen tables of `mapgap.tables`.

Its modules are imported one by one, because some of them do without NumPy.
"""
