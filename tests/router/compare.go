package router

import (
	"fmt"

	"extauthz/mapping"
)

// Mapper is a way of mapping: (*mapping.Settings).Map, or one known to be wrong.
type Mapper func(*mapping.HTTPRequest) (mapping.Mapping, *mapping.Refusal)

// Standard is the mapping under test, with everything that it can be configured to
// let through.
func Standard() Mapper {
	g := &mapping.Settings{Partition: "aws", Region: "eu-central-1", Account: "123456789012", DeleteBlobs: true}
	return g.Map
}

// ECRNames is the mapping under test with names as ECR allows them, which are not
// all that the registry can mount from.
func ECRNames() Mapper {
	g := &mapping.Settings{Partition: "aws", Region: "eu-central-1", Account: "123456789012", DeleteBlobs: true, ECRNames: true}
	return g.Map
}

// Comparison is what came of one request.
type Comparison struct {
	Operation mapping.Operation // Unsupported if the mapping refused
	Effects   []Effect          // of the registry, with every permission granted; valid until the next request
	Wrong     string            // what the registry did without a required permission; "" if nothing
}

// Compare maps the request and lets the registry answer it: once as if every
// permission were granted and, where some are optional, once as if those were
// denied. Each time Envoy removes the query parameters that the mapping
// removes. A request that the mapping refuses is sent to the registry only if
// anyway is true: this shows what was refused.
func Compare(mapper Mapper, registry *Registry, r *Request, anyway bool) Comparison {
	m, refusal := mapper(r.mapped())
	if refusal != nil {
		if !anyway {
			return Comparison{}
		}
		return Comparison{Effects: registry.Serve(r.wire(r.Target))}
	}
	c := Comparison{Operation: m.Operation}
	if required := required(m.Permissions); len(required) < len(m.Permissions) {
		names := append(m.RemoveUnlessOptional(), m.RemoveQueryParameters...)
		target := without(r.Target, names)
		c.Wrong = beyond(&m, required, registry.Serve(r.wire(target)), "without what is optional")
	}
	c.Effects = registry.Serve(r.wire(without(r.Target, m.RemoveQueryParameters)))
	if c.Wrong == "" {
		c.Wrong = beyond(&m, m.Permissions, c.Effects, "with everything granted")
	}
	return c
}

// required returns the permissions that are not optional.
func required(all []mapping.Permission) (some []mapping.Permission) {
	for _, p := range all {
		if !p.Optional {
			some = append(some, p)
		}
	}
	return some
}

// beyond describes the first effect without a required permission, "" if there is none.
func beyond(m *mapping.Mapping, granted []mapping.Permission, effects []Effect, how string) string {
	for _, e := range effects {
		if wrong := e.uncovered(m, granted); wrong != "" {
			return fmt.Sprintf("%s: %s (%s of %q, granted %v)", how, wrong, m.Operation, m.Repository, granted)
		}
	}
	return ""
}
