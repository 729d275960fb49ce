"""The inventory service: products, how many there are of each, and what is held for which order."""
