"""The chain that loses nothing: events, topology, relay and consumer. The only package that imports kombu or pika.

Read in this order: `events` (what travels), `topology` (where), `relay` and `publisher` (out of the outbox),
`consumer` and `handling` (into the handlers), `worker` (all of it in one process). Beside it: `broadcast` (what only
matters now), `dead_letters` (for operators).
"""
