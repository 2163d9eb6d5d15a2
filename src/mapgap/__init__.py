"""mapgap: why an object detector fails, where, what that costs and what to do."""
