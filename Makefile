# Every target is a line or two: the work is done by the modules in tools/.
PYTHON ?= python3
TOOLS = $(PYTHON) -m tools
VENV = .venv/bin
FORCE ?=
S ?=
ARGS ?=
CONFIG = docker compose exec -T config python -m config.commands
export FORCE S
export PYTHONDONTWRITEBYTECODE = 1

.DEFAULT_GOAL := help
.PHONY: help up down clean ps logs shell demo test test-unit check format venv images images-refresh bench-relay bench-sockets topology contracts settings config-set config-log config-diff config-rollback config-encrypt dead-letters rebuild-catalogue rotate-keys lock python

##@ Run

up: python ## check the machine, get the images, start everything, say where it is
	@$(TOOLS).up

down: python ## stop everything; the data is kept
	@$(TOOLS).manage down

clean: python ## stop everything and remove the data, after asking (FORCE=1: without)
	@$(TOOLS).manage clean

ps: python ## what runs
	@$(TOOLS).manage ps

logs: python ## follow the logs of one service (S=orders-api) or of all
	@$(TOOLS).manage logs

shell: python ## a shell in a container (S=orders-api)
	@$(TOOLS).manage shell

.PHONY: search-logs
search-logs: ## log lines that match (query='…' in LogQL or words, since=1h, limit=100)
	@docker compose run --rm --no-deps ops logs --since "$${since:-1h}" --limit "$${limit:-100}" -- "$$query"

demo: python ## sign up, place an order that is confirmed and one that is rejected
	@$(TOOLS).demo

dead-letters: ## dead letters (ARGS="list", "show QUEUE", "replay QUEUE --all --yes", "purge …", "--help")
	@docker compose run --rm --no-deps ops dead-letters $(ARGS)

rebuild-catalogue: ## make the orders service's copy of the catalogue anew, from what inventory says now
	@docker compose exec orders-api python -m apps.orders.rebuild_catalogue

rotate-keys: ## make the next key that signs access tokens, and wait until it does (10 s); nobody is logged out
	@docker compose run --rm --no-deps users-setup python -m apps.users.rotate_keys

config-set: ## change a setting: application=orders key=order_tries value=5 (profile=, message=)
	@$(CONFIG) set --author "$${USER:-operator}" $${profile:+--profile "$$profile"} \
	  $${message:+--message "$$message"} $${remove:+--remove} -- "$$application" "$$key" $${value+"$$value"}

config-log: ## the changes of the settings, the newest first (application=orders)
	@$(CONFIG) log -- $${application:+"$$application"}

config-diff: ## what a change did: commit=… (or what differs from other=…)
	@$(CONFIG) diff -- "$$commit" $${other:+"$$other"}

config-rollback: ## bring back the settings of commit=… (message=)
	@$(CONFIG) rollback --author "$${USER:-operator}" $${message:+--message "$$message"} -- "$$commit"

config-encrypt: ## the {cipher} form of a secret: value=…, or from standard input
	@$(CONFIG) encrypt -- $${value+"$$value"}

##@ Develop

test: python ## everything: lint, types, unit, contract, integration and end-to-end tests, on a stack of its own
	@$(TOOLS).test_stack

test-unit: venv ## the unit tests: seconds, no Docker (ARGS="-k saga")
	@$(VENV)/python -m pytest tests/unit $(ARGS)

check: venv ## lint and types
	@$(TOOLS).check

format: venv ## let ruff format the code and fix what it can
	@$(VENV)/ruff format . && $(VENV)/ruff check --fix .

venv: python ## make or update .venv from requirements/dev.txt
	@$(TOOLS).venv

.PHONY: dashboards metrics
dashboards: venv ## generate monitoring/grafana/dashboards from monitoring/dashboards
	@$(VENV)/python -m monitoring.dashboards

metrics: venv ## write the table of our metrics into docs/observability.md
	@$(VENV)/python -W ignore -m catalogue.metrics

topology: venv ## generate rabbitmq/definitions.json from the event catalogue
	@$(VENV)/python -m catalogue.topology

contracts: venv ## generate docs/events (AsyncAPI, JSON Schemas) from the services' event models
	@$(VENV)/python -W ignore -m catalogue.contracts

settings: venv ## generate config/schemas and the tables of docs/configuration.md from the settings' models
	@$(VENV)/python -m catalogue.settings

lock: ## write requirements/*.txt with hashes (needs uv)
	uv pip compile --quiet --universal --generate-hashes --python-version 3.11 requirements/dev.in -o requirements/dev.txt
	uv pip compile --quiet --universal --generate-hashes --python-version 3.13 requirements/runtime.in -o requirements/runtime.txt

bench-relay: venv ## events a second through the relay, from PostgreSQL and from MongoDB
	@PYTHONPATH=. $(VENV)/python tests/load/bench_relay.py

bench-sockets: venv ## memory of one notifications replica that holds 1,000 idle sockets
	@PYTHONPATH=. $(VENV)/python tests/load/bench_sockets.py

.PHONY: bench-telemetry
bench-telemetry: venv ## what tracing costs a request: off, on, and with a Collector that is silent
	@PYTHONPATH=. $(VENV)/python tests/load/bench_telemetry.py

##@ Images

images: python ## get every image, pulled or built from packages, and start nothing
	@$(TOOLS).fetch

images-refresh: python ## replace images that were built from packages by pulled ones
	@$(TOOLS).refresh

##@ Help

help: ## this list
	@awk 'BEGIN {FS = ":.*## "} \
	  /^##@ / {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null \
	  || { echo "Failed: Python 3.11 or newer is needed: install it, or say PYTHON=/path/to/python3.11"; exit 1; }
