"""Crops: what an object looks like, with the boxes that are compared drawn around it; see `drawing` and `cutting`."""
