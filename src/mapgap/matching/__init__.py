"""The room 'matching'."""
