"""From sightings to fire points: the scene, the plan, its application, location and people, questions."""
