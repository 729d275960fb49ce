#!/bin/sh
# Gives each service its token: CONSUL_ORDERS_API_TOKEN in the environment may register orders-api, and read the catalogue.
# CONSUL_READER_TOKEN reads only. What is right stays; a token whose secret is not in the environment any more goes.
set -eu

say() {
  echo "{\"service\": \"consul-setup\", \"event\": \"$1\"}"
}

# The tokens that this script has made, one a line: accessor, secret, service ("-" in those of earlier versions).
known() {
  consul acl token list -format=json \
    | sed -n 's/^ *"\(AccessorID\|SecretID\|Description\)": "\(.*\)",$/\1 \2/p' \
    | awk '$1 == "AccessorID" {a = $2} $1 == "SecretID" {s = $2}
           $1 == "Description" && $2 == "service:" {print a, s, $3}
           $1 == "Description" && ($2 == "services" || $2 == "reader") {print a, s, "-"}'
}

# The tokens that there should be, one a line: secret, service.
wanted() {
  env | sed -n 's/^CONSUL_\([A-Z_]*\)_TOKEN=\(.*\)$/\2 \1/p' | tr '_' '-' | grep -v ' HTTP$' \
    | awk '{print $1, tolower($2)}'
}

# create SECRET SERVICE: a service identity may register that service; the template "dns" reads services and nodes.
create() {
  if [ "$2" = reader ]; then
    right=-templated-policy=builtin/dns
  else
    right="-service-identity=$2"
  fi
  # Two of these scripts may run at once, so what counts is what is there at the end.
  consul acl token create -secret="$1" -description="service: $2" "$right" > /dev/null 2>&1 || true
}

tries=0
until problem=$(consul acl token read -self 2>&1 > /dev/null); do
  tries=$((tries + 1))
  case $problem in
    # A young agent refuses its own token too, until it leads.
    *"403"*) last=10 ;;
    *) last=60 ;;
  esac
  if [ "$tries" -ge "$last" ]; then
    echo "Consul refuses CONSUL_HTTP_TOKEN, or has no leader: is its volume older than .env? Put the old value back, or remove the volume." \
      "($problem)" >&2
    exit 1
  fi
  sleep 1
done

before=$(known)
should=$(wanted)
echo "$before" | while read -r accessor secret service; do
  if [ -n "$accessor" ] && ! echo "$should" | grep -q "^$secret $service\$"; then
    consul acl token delete -accessor-id "$accessor" > /dev/null 2>&1 || true
  fi
done
echo "$should" | while read -r secret service; do
  echo "$before" | grep -q " $secret $service\$" || create "$secret" "$service"
done

after=$(known)
echo "$should" | while read -r secret service; do
  echo "$after" | grep -q " $secret $service\$" || { say "token_missing_for_$service"; exit 1; }
done
say tokens_set
