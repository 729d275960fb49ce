#!/bin/bash
# Makes .build/otelcol-contrib with the OpenTelemetry Collector Builder.
set -euo pipefail
mkdir -p .build
GOBIN=$PWD/.build go install go.opentelemetry.io/collector/cmd/builder@v0.111.0
.build/builder --config manifest.yaml --ldflags="-s -w"
