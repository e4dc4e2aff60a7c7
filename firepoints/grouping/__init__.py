"""Which sightings are one 处: pure, from detections and people's constraints to groups."""
