"""The room 'slices'."""
