"""What was seen: readers, imports, lists, feeds; nothing here knows of fire points."""
