"""The HTML page of a classification, with the pieces, the style and the rules of the report on a detector."""
