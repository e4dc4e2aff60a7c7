"""The API of fire points: sightings and files in, points with their acts and evidence. URLs in firepoints/api/urls.py."""
