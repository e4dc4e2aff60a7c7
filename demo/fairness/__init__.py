"""The judge: any simulated world, run through the real product, scored against its truth (docs/simulation.md).

It stands in demo/ because it needs everything below it, and because it may use the simulated clock of a demonstration.
"""
