"""The room 'analysis'."""
