package stack

import (
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Wiring is the addresses and files by which the parts of a stack reach each other.
type Wiring struct {
	Listener string // HOST:PORT of Envoy's listener
	Registry string // HOST:PORT behind Envoy
	Authz    string // HOST:PORT of extauthz; "" if it has a unix socket
	Socket   string // unix socket of extauthz
	Signin   string // unix socket at which callers sign in
	Admin    string // unix socket of Envoy's admin interface
	Certs    string // folder that replaces /certs
}

// Rewire returns an Envoy configuration with the addresses of w, otherwise unchanged. The
// configuration must have one listener, the clusters registry and ext-authz with one endpoint
// each, and certificates below /certs. It may have the cluster signin. Envoy resolves the clusters' addresses that are names.
func Rewire(config []byte, w Wiring) ([]byte, error) {
	var tree map[string]any
	if err := yaml.Unmarshal(config, &tree); err != nil {
		return nil, err
	}
	listener, err := socketAddress(w.Listener)
	if err != nil {
		return nil, err
	}
	registry, err := socketAddress(w.Registry)
	if err != nil {
		return nil, err
	}
	authz := pipe(w.Socket)
	if w.Authz != "" {
		if authz, err = socketAddress(w.Authz); err != nil {
			return nil, err
		}
	}
	endpoint := []any{"load_assignment", "endpoints", 0, "lb_endpoints", 0, "endpoint", "address"}
	for _, change := range []struct {
		address map[string]any
		place   []any
	}{
		{pipe(w.Admin), []any{"admin", "address"}},
		{listener, []any{"static_resources", "listeners", 0, "address"}},
		{registry, append([]any{"static_resources", "clusters", "registry"}, endpoint...)},
		{authz, append([]any{"static_resources", "clusters", "ext-authz"}, endpoint...)},
	} {
		if err := replace(tree, change.address, change.place...); err != nil {
			return nil, err
		}
	}
	if signin := append([]any{"static_resources", "clusters", "signin"}, endpoint...); has(tree, signin...) {
		if err := replace(tree, pipe(w.Signin), signin...); err != nil {
			return nil, err
		}
	}
	for cluster, address := range map[string]string{"registry": w.Registry, "ext-authz": w.Authz} {
		if !isName(address) {
			continue
		}
		if err := replace(tree, "STRICT_DNS", "static_resources", "clusters", cluster, "type"); err != nil {
			return nil, err
		}
	}
	return yaml.Marshal(relocate(tree, "/certs/", w.Certs))
}

// isName reports whether the host of HOST:PORT is a name.
func isName(hostPort string) bool {
	host, _, err := net.SplitHostPort(hostPort)
	return err == nil && net.ParseIP(host) == nil
}

// Relocate returns an Envoy configuration with the folder certs instead of /certs, otherwise
// unchanged.
func Relocate(config []byte, certs string) ([]byte, error) {
	var tree map[string]any
	if err := yaml.Unmarshal(config, &tree); err != nil {
		return nil, err
	}
	return yaml.Marshal(relocate(tree, "/certs/", certs))
}

func pipe(path string) map[string]any {
	return map[string]any{"pipe": map[string]any{"path": path}}
}

func socketAddress(hostPort string) (map[string]any, error) {
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil {
		return nil, err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, err
	}
	return map[string]any{"socket_address": map[string]any{"address": host, "port_value": number}}, nil
}

// replace sets the value at a place in the tree. The steps to the place are keys of maps,
// indices of lists, or names of list elements.
func replace(tree, value any, place ...any) error {
	node := tree
	for i, step := range place {
		next := child(node, step)
		if next == nil {
			return fmt.Errorf("the configuration has nothing at %v", place[:i+1])
		}
		if i == len(place)-1 {
			node.(map[string]any)[step.(string)] = value
		}
		node = next
	}
	return nil
}

// has reports whether the tree has a value at a place.
func has(tree any, place ...any) bool {
	for _, step := range place {
		if tree = child(tree, step); tree == nil {
			return false
		}
	}
	return true
}

// child returns the child of node at step, or nil.
func child(node, step any) any {
	switch node := node.(type) {
	case map[string]any:
		key, _ := step.(string)
		return node[key]
	case []any:
		for i, element := range node {
			named, _ := element.(map[string]any)
			if i == step || named["name"] == step {
				return element
			}
		}
	}
	return nil
}

// relocate returns the tree, in which every path below the folder from is replaced by the same
// path below the folder to.
func relocate(node any, from, to string) any {
	switch node := node.(type) {
	case map[string]any:
		for key, child := range node {
			node[key] = relocate(child, from, to)
		}
	case []any:
		for i, child := range node {
			node[i] = relocate(child, from, to)
		}
	case string:
		if rest, ok := strings.CutPrefix(node, from); ok {
			return filepath.Join(to, rest)
		}
	}
	return node
}
