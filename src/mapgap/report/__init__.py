"""The room 'report'."""
