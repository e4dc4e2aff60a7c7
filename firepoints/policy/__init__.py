"""The policy as data: rulings, the charge matrix, special periods, and what 认定 pins."""
