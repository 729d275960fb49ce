#!/bin/sh
# Makes the two policies and their tokens, whose secrets are in the environment. Runs at every start: what is right stays.
set -eu

# Accessor ids only name a token; the secrets are in .env.
services_accessor=5e7c1ce5-0000-4000-8000-000000000001
reader_accessor=5e7c1ce5-0000-4000-8000-000000000002

# policy NAME: as policies/NAME.hcl says.
policy() {
  if consul acl policy read -name "$1" > /dev/null 2>&1; then
    consul acl policy update -name "$1" -rules "@/etc/quadrille/policies/$1.hcl" -no-merge > /dev/null
  else
    consul acl policy create -name "$1" -rules "@/etc/quadrille/policies/$1.hcl" > /dev/null
  fi
}

# token POLICY ACCESSOR SECRET: a token is never changed, so a new secret replaces it.
token() {
  if CONSUL_HTTP_TOKEN=$3 consul acl token read -self > /dev/null 2>&1; then
    return
  fi
  consul acl token delete -accessor-id "$2" > /dev/null 2>&1 || true
  consul acl token create -accessor "$2" -secret "$3" -policy-name "$1" -description "$1" > /dev/null
}

if ! consul acl token read -self > /dev/null; then
  echo "Consul refuses CONSUL_HTTP_TOKEN: is its volume older than .env? Put the old value back, or remove the volume." >&2
  exit 1
fi
policy services
policy reader
token services "$services_accessor" "$CONSUL_SERVICES_TOKEN"
token reader "$reader_accessor" "$CONSUL_READER_TOKEN"
echo '{"service": "consul-setup", "event": "policies_and_tokens_set"}'
