"""A world with known truth: fires, satellites, lists and patrols from a seed, written as the files that importers read.

Pure: no ORM, no clock, no settings. docs/simulation.md describes the format; demo/fairness scores any world in it.
"""
