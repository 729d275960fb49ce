"""The chain that loses nothing, from an outbox to a handler's commit. The only package that imports kombu or pika.

Read in this order: `events` (what travels), `topology` (where), `relay` and `publisher` (out of the outbox),
`subscriptions`, `consumer`, `delivery` and `handling` (into the handlers). `chassis.worker` runs all of it.
"""
