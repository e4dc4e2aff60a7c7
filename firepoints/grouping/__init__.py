"""The grouping of sightings into 处: pure, from detections and people's constraints to groups."""
