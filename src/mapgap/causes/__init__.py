"""The room 'causes'."""
