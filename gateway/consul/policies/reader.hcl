# Traefik and Prometheus: read the catalogue.
service_prefix "" {
  policy = "read"
}
node_prefix "" {
  policy = "read"
}
