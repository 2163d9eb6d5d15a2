"""The room 'coco'."""
