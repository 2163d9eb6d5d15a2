"""The room 'gap'."""
