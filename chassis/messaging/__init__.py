"""The chain that loses nothing, from an outbox to a handler's commit. No other package imports a broker's library.

Read in this order: `events` (what travels), `topology` (where), `relay`, `publisher` and `connection` (out of the
outbox), `subscriptions`, `consumer`, `delivery` and `handling` (into the handlers). `chassis.worker` runs all of it.
"""
