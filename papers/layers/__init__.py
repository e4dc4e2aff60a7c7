"""Layers of vector files from outside: GDAL runs in a child process with limits, behind one door (`door`)."""
