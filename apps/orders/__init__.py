"""Orders: takes orders, keeps their history, and plays the orders' side of the saga."""
