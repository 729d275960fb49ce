#!/bin/sh
# Starts the agent. Its token comes from the environment by a file in the tmpfs, so that no command line shows it.
# The tokens of the services are set beside it at every start: an agent that has lost its volume is of use again by itself.
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
/bin/sh /etc/quadrille/setup.sh &
exec consul agent -config-file=/etc/quadrille/consul.hcl -config-file=/tmp/tokens.hcl
