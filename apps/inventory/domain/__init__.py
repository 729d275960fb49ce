"""The rules of products, stock and reservations, without any storage or transport."""
