#!/bin/bash
# The official image's variables, in small: POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB, POSTGRES_INITDB_ARGS (each
# also as NAME_FILE), POSTGRES_HOST_AUTH_METHOD, and /docker-entrypoint-initdb.d/*.sh, *.sql, *.sql.gz.
set -Eeo pipefail

# setting NAME DEFAULT: exports NAME from the environment, from the file NAME_FILE, or as the default.
setting() {
  local file_variable="${1}_FILE"
  if [ -n "${!file_variable}" ]; then
    export "$1=$(<"${!file_variable}")"
  elif [ -z "${!1}" ]; then
    export "$1=${2:-}"
  fi
}

as_postgres() {
  mkdir -p "$PGDATA" /var/run/postgresql
  chmod 700 "$PGDATA"
  chmod 3777 /var/run/postgresql
  chown -R postgres:postgres "$PGDATA" /var/run/postgresql
  exec setpriv --reuid=postgres --regid=postgres --init-groups env HOME=/var/lib/postgresql "$0" "$@"
}

run_init_scripts() {
  local psql=(psql -v ON_ERROR_STOP=1 --no-password --no-psqlrc --username "$POSTGRES_USER" --dbname "$POSTGRES_DB")
  local script
  for script in /docker-entrypoint-initdb.d/*; do
    case "$script" in
      *.sh)
        # As in the official image: run it when it may be run, else source it.
        # shellcheck disable=SC1090 # it is the user's
        if [ -x "$script" ]; then "$script"; else . "$script"; fi
        ;;
      *.sql) "${psql[@]}" -f "$script" ;;
      *.sql.gz) gunzip -c "$script" | "${psql[@]}" ;;
    esac
  done
}

create_cluster() {
  setting POSTGRES_PASSWORD
  setting POSTGRES_USER postgres
  setting POSTGRES_DB "$POSTGRES_USER"
  setting POSTGRES_INITDB_ARGS
  : "${POSTGRES_HOST_AUTH_METHOD:=scram-sha-256}"
  if [ -z "$POSTGRES_PASSWORD" ] && [ "$POSTGRES_HOST_AUTH_METHOD" != trust ]; then
    echo "Error: Database is uninitialized and superuser password is not specified (POSTGRES_PASSWORD)" >&2
    exit 1
  fi
  # eval: POSTGRES_INITDB_ARGS may hold several, quoted arguments.
  eval 'initdb --username="$POSTGRES_USER" --pwfile=<(printf "%s\n" "$POSTGRES_PASSWORD") '"$POSTGRES_INITDB_ARGS"
  printf '\nhost all all all %s\n' "$POSTGRES_HOST_AUTH_METHOD" >> "$PGDATA/pg_hba.conf"

  # A temporary server that only this script reaches, through the socket.
  export PGHOST='' PGHOSTADDR=''
  pg_ctl -D "$PGDATA" -o "-c listen_addresses='' -p 5432" -w start
  if [ "$POSTGRES_DB" != postgres ]; then
    psql --no-psqlrc --username "$POSTGRES_USER" --dbname postgres -v ON_ERROR_STOP=1 --set db="$POSTGRES_DB" \
      <<< 'CREATE DATABASE :"db";'
  fi
  run_init_scripts
  pg_ctl -D "$PGDATA" -m fast -w stop
  unset PGHOST PGHOSTADDR
  echo "PostgreSQL init process complete; ready for start up."
}

if [ "${1:0:1}" = - ]; then
  set -- postgres "$@"
fi
if [ "$1" = postgres ]; then
  if [ "$(id -u)" = 0 ]; then
    as_postgres "$@"
  fi
  if [ ! -s "$PGDATA/PG_VERSION" ]; then
    create_cluster
  fi
fi
exec "$@"
