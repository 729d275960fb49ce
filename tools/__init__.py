"""The host's side of the make targets. Standard library only: it runs before anything is installed."""
