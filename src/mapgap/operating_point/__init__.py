"""The room 'operating_point'."""
