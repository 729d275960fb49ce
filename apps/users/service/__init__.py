"""The use cases, by what they are about. Hashing takes long, so it is done while no transaction is open."""
