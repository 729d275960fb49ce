#!/bin/bash
# Makes .build/prometheus and .build/promtool. Debian's package cannot discover through Consul; upstream's source with its other ways to
# discover left out compiles in half of the time.
set -euo pipefail
module=github.com/prometheus/prometheus
version=v0.53.3 # Go's name for 2.53.3
rm -rf .build
mkdir .build
go mod download "$module@$version"
cp -r "$(go env GOMODCACHE)/$module@$version" .build/src
chmod -R u+w .build/src
cat > .build/src/plugins/plugins.go <<'END'
package plugins

import (
	_ "github.com/prometheus/prometheus/discovery/consul"
	_ "github.com/prometheus/prometheus/discovery/file"
	_ "github.com/prometheus/prometheus/discovery/http"
)
END
(cd .build/src && go build -o .. -ldflags "-s -w -X github.com/prometheus/common/version.Version=2.53.3" \
  ./cmd/prometheus ./cmd/promtool)
rm -r .build/src
