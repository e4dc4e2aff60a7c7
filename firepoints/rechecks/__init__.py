"""Re-checks: drawing records of counties by lot, visiting them, and saying which counties deny beyond chance."""
