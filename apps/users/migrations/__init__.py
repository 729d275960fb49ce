"""The schema of the users database, one revision after the other."""
