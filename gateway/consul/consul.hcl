# One Consul server, which is also the agent that all containers register with.
server           = true
bootstrap_expect = 1
data_dir         = "/consul/data"

# A fixed name and the loopback as cluster address: the container may come back with another address and is the same node.
node_name   = "consul"
bind_addr   = "127.0.0.1"
client_addr = "0.0.0.0"

# Who has no token reads nothing.
acl {
  enabled        = true
  default_policy = "deny"
}

ui_config {
  enabled = true
}

# HTTP is all that is used.
ports {
  dns      = -1
  grpc     = -1
  grpc_tls = -1
}
connect {
  enabled = false
}

# Nobody else stands for election, so there is nothing to be slow and careful about.
performance {
  raft_multiplier = 1
}

disable_update_check = true
log_json             = true
log_level            = "warn"
