#!/bin/sh
# Starts the agent. Its token comes from the environment by a file in the tmpfs, so that no command line shows it.
set -eu

umask 077
cat > /tmp/tokens.hcl << TOKENS
acl {
  tokens {
    initial_management = "$CONSUL_HTTP_TOKEN"
    agent              = "$CONSUL_HTTP_TOKEN"
  }
}
TOKENS
exec consul agent -config-file=/etc/quadrille/consul.hcl -config-file=/tmp/tokens.hcl
