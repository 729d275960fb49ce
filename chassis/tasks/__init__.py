"""Private tasks: what a service tells itself to do, now or by the clock. Read `commands`, then `schedule`, `beat`."""
