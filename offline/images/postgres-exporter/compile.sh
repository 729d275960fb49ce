#!/bin/bash
# Makes .build/postgres_exporter.
set -euo pipefail
module=github.com/prometheus-community/postgres_exporter
version=v0.17.1
rm -rf .build
mkdir .build
go mod download "$module@$version"
cp -r "$(go env GOMODCACHE)/$module@$version" .build/src
chmod -R u+w .build/src
(cd .build/src && go build -o .. -ldflags "-s -w -X github.com/prometheus/common/version.Version=${version#v}" \
  ./cmd/postgres_exporter)
rm -r .build/src
