"""The room 'tide'."""
