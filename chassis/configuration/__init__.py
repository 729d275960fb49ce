"""The client of the configuration service: what a process asks at its start, keeps on disk, and follows."""
