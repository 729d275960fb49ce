"""What a configuration is, whatever it is stored in."""
