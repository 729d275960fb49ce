"""The worker of inventory: it does what orders tell of, and relays inventory's own events."""
