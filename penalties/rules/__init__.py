"""What one 处 costs: definitions and pricing are pure, the table of rules is read beside them."""
