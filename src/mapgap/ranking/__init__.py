"""The room 'ranking'."""
