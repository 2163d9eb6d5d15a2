"""A run's failures as files that other tools open."""
