"""The curves of the report as tables: by score threshold, by class and image, by bins of scores."""
