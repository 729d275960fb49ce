"""ForwardAuth: tells Traefik, for every request, who asks."""
