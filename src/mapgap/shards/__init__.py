"""Ground truth and detections split by image into many files: read one at a time, and exactly as if they were one."""
