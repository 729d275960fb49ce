"""Spans made by hand: of HTTP, of the stores, and of the broker's hops."""
