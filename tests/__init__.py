"""The test suite of mapgap."""
