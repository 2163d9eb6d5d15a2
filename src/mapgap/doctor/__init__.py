"""Looks at both inputs for what would mislead: findings of the data, and other readings of the detections."""
