"""What a gate found, for people, pipelines and scripts; each format only draws."""
