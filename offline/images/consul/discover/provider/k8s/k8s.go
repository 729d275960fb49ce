// Package k8s stands for the provider that would ask Kubernetes.
package k8s

import (
	"errors"
	"log"
)

// Provider finds nothing.
type Provider struct{}

// Addrs always fails.
func (*Provider) Addrs(map[string]string, *log.Logger) ([]string, error) {
	return nil, errors.New("this build of Consul does not ask Kubernetes for addresses")
}

// Help is empty.
func (*Provider) Help() string { return "" }
