#!/bin/bash
# Makes .build/consul: the real agent, without the parts that only Envoy or a cloud needs, which are over half of the
# compile time. go.mod points to the copies of two modules, from which such parts are taken out here, and to discover/.
set -euo pipefail
rm -rf .build
mkdir .build

# copy MODULE FOLDER: Go's own copies are read-only, and must stay as they are.
copy() {
  local version
  version=$(grep -oP "$1 \Kv\S+" go.mod)
  go mod download "$1@$version"
  mkdir ".build/$2"
  tar -C "$(go env GOMODCACHE)/$1@$version" --exclude=./website --exclude=./ui --mode=u+w -c . | tar -C ".build/$2" -x
}

copy github.com/hashicorp/consul src
copy github.com/hashicorp/consul/troubleshoot troubleshoot

# These two only register every message type of Envoy.
rm .build/src/agent/xds/z_xds_packages.go .build/troubleshoot/proxy/z_xds_packages.go
# Log-in with a token of Kubernetes.
sed -i '/authmethod\/kubeauth"/d' .build/src/agent/consul/acl_authmethod.go

go build -o .build/consul -ldflags "-s -w" github.com/hashicorp/consul
rm -r .build/src .build/troubleshoot
