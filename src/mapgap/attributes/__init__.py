"""The room 'attributes'."""
