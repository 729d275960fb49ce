"""The configuration service: serves a git repository as settings, by application, profile and label."""
