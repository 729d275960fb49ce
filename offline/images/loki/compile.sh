#!/bin/bash
# Makes .build/loki. Loki's own go.mod has replace lines, which count only in the main module: go.mod repeats them.
set -euo pipefail
mkdir -p .build
version=$(grep -oP '^require github.com/grafana/loki/v3 v\K\S+' go.mod)
go build -o .build/loki -ldflags "-s -w -X github.com/grafana/loki/v3/pkg/util/build.Version=$version" \
  github.com/grafana/loki/v3/cmd/loki
