"""Pages of the desk: home, queue, 认定, rulings, periods."""
