// Package discover has the interface of go-discover, by which an agent finds others through the API of a cloud, and no
// cloud: the real package's SDKs take more than a third of the agent's compile time, and a single node asks for none.
package discover

import (
	"errors"
	"log"
)

// Provider finds the addresses of agents.
type Provider interface {
	Addrs(args map[string]string, l *log.Logger) ([]string, error)
	Help() string
}

// Providers are those known by name: none.
var Providers map[string]Provider

// Discover knows no address.
type Discover struct{}

// Option is accepted and has no effect.
type Option func(*Discover) error

// New makes a Discover.
func New(...Option) (*Discover, error) { return new(Discover), nil }

// WithUserAgent has no effect.
func WithUserAgent(string) Option { return nil }

// WithProviders has no effect.
func WithProviders(map[string]Provider) Option { return nil }

// Addrs always fails, so that `retry_join = ["provider=..."]` is reported in the agent's log.
func (*Discover) Addrs(string, *log.Logger) ([]string, error) {
	return nil, errors.New("this build of Consul joins by address only: it knows no cloud provider")
}

// Names is empty.
func (*Discover) Names() []string { return nil }
