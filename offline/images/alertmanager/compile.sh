#!/bin/bash
# Makes .build/alertmanager and .build/amtool. The module holds the web page too.
set -euo pipefail
module=github.com/prometheus/alertmanager
version=v0.28.1
rm -rf .build
mkdir .build
go mod download "$module@$version"
cp -r "$(go env GOMODCACHE)/$module@$version" .build/src
chmod -R u+w .build/src
(cd .build/src && go build -o .. -ldflags "-s -w -X github.com/prometheus/common/version.Version=${version#v}" \
  ./cmd/alertmanager ./cmd/amtool)
rm -r .build/src
