# Our containers: register themselves, find each other.
service_prefix "" {
  policy = "write"
}
node_prefix "" {
  policy = "read"
}
