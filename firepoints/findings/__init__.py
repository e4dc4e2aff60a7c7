"""What people report: findings on site and the hotline."""
