package simulate

import (
	"fmt"
	"strings"
	"time"

	"extauthz/authz"
	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity"
	"extauthz/identity/sts"
	"extauthz/mapping"
	"extauthz/policystore"
)

// A ClientRequest describes a request of a registry's client, without its credential.
type ClientRequest struct {
	Method, Path string           // "" if actions are simulated
	Headers      []mapping.Header // names in lower case; a host header replaces the registry's host
	Peer         string           // the client's address; without it the context lacks aws:SourceIp
	TLS          bool             // whether the client's connection is TLS
	Time         time.Time
}

// ForRegistry returns the request as Envoy would send it for authorization.
func (c *ClientRequest) ForRegistry(registry *policystore.Registry) *authz.CheckRequest {
	r := &authz.CheckRequest{
		Method: c.Method, Path: c.Path, Host: registry.Host(), Headers: c.Headers,
		Peer: c.Peer, Time: c.Time, Extensions: authz.Extensions{Registry: registry.Name},
	}
	for _, h := range c.Headers {
		if h.Name == "host" {
			r.Host = h.Value
		}
	}
	if c.TLS {
		r.SNI = r.Host
	}
	return r
}

// A DirectoryInput describes a simulation with the policies of a policy directory: a
// principal and either a client's request or actions on resources.
type DirectoryInput struct {
	// Principal is the ARN of a user or a role session of the directory, or of an
	// account's root user, or the name of a service.
	Principal string
	// Tags are the session tags of a role session. They override the tags of its role.
	Tags []sts.Tag
	// Source is the resource on whose behalf a service calls.
	Source sts.SourceResource
	// Registry is the name of the registry. If it is "", the directory must have
	// one registry, or one to which all resources belong.
	Registry string

	ClientRequest
	// Actions are evaluated on each of the Resources, if the client's request has no
	// method. Without resources they are evaluated on "*".
	Actions, Resources []string
}

// Evaluate evaluates the input with the policies of a snapshot. It returns what the
// running sidecar evaluates for the client's request, up to the first denial, and its
// result, which is nil for actions. The error says why the input cannot be evaluated: a
// principal or a registry does not exist, or the request is rejected before any policy
// is evaluated.
func (in *DirectoryInput) Evaluate(s *policystore.Snapshot) ([]Evaluation, *authz.Result, error) {
	caller, err := s.CallerOf(&sts.CallerSpec{Principal: in.Principal, Tags: in.Tags, SourceResource: in.Source})
	if err != nil {
		return nil, nil, err
	}
	registry, err := RegistryOf(s, in.Registry, in.Resources)
	if err != nil {
		return nil, nil, err
	}
	if in.Method == "" {
		evaluations, err := in.evaluateActions(s, registry, caller)
		return evaluations, nil, err
	}
	return in.evaluateRequest(s, registry, caller)
}

func (in *DirectoryInput) evaluateRequest(s *policystore.Snapshot, registry *policystore.Registry, caller *identity.Caller) ([]Evaluation, *authz.Result, error) {
	checker := authz.Checker{Snapshots: func() *policystore.Snapshot { return s }}
	result := checker.CheckAs(caller, in.ForRegistry(registry))
	if result.Decision == authz.Refused || len(result.Evaluations) == 0 {
		return nil, nil, fmt.Errorf("%s %s is answered with %d before any policy is evaluated: %s", in.Method, in.Path, result.Answer.Status, result.Answer.Body)
	}
	var evaluations []Evaluation
	for i := range result.Evaluations {
		evaluations = append(evaluations, Evaluation{Policies: result.Policies(i), Request: result.Requests[i]})
	}
	return evaluations, result.Result, nil
}

func (in *DirectoryInput) evaluateActions(s *policystore.Snapshot, registry *policystore.Registry, caller *identity.Caller) ([]Evaluation, error) {
	resources := in.Resources
	if len(resources) == 0 {
		resources = []string{"*"}
	}
	var evaluations []Evaluation
	for _, action := range in.Actions {
		if err := CheckAction(action); err != nil {
			return nil, err
		}
		for _, resource := range resources {
			if err := CheckInRegistry(registry, resource); err != nil {
				return nil, err
			}
			r := authz.NewIAMRequest(in.ForRegistry(registry), registry, caller, action, resource)
			evaluations = append(evaluations, Evaluation{Policies: s.Decisions.Applicable(r, caller.SessionPolicies), Request: *r})
		}
	}
	return evaluations, nil
}

// FindRegistry returns the registry of a name, or the only registry if name is "".
func FindRegistry(s *policystore.Snapshot, name string) (*policystore.Registry, error) {
	return RegistryOf(s, name, nil)
}

// RegistryOf is FindRegistry for a request about resources. If name is "" and several registries
// exist, it returns the one to which all resources belong.
func RegistryOf(s *policystore.Snapshot, name string, resources []string) (*policystore.Registry, error) {
	names := s.RegistryNames()
	all := strings.Join(names, ", ")
	if name != "" {
		if r := s.RegistryNamed(name); r != nil {
			return r, nil
		}
		return nil, diag.Problemf("registry %q does not exist", name).WithRemedy("give one of " + all)
	}
	var found *policystore.Registry
	for _, name := range names {
		r := s.RegistryNamed(name)
		if len(names) > 1 && !mayContain(r, resources) {
			continue
		}
		if found != nil {
			return nil, diag.Problemf("the directory has several registries").WithRemedy("name one of " + all)
		}
		found = r
	}
	if found == nil {
		return nil, diag.Problemf("no registry has the account and region of the resources").WithRemedy("name one of " + all + ", or fix the resources")
	}
	return found, nil
}

// mayContain reports whether all resources can belong to a registry.
func mayContain(r *policystore.Registry, resources []string) bool {
	for _, resource := range resources {
		if CheckInRegistry(r, resource) != nil {
			return false
		}
	}
	return true
}

// CheckInRegistry rejects a resource that cannot belong to a registry.
func CheckInRegistry(r *policystore.Registry, resource string) error {
	if resource == "*" {
		return nil
	}
	arn, err := iam.ParseARN(resource)
	if err != nil {
		return err
	}
	if arn.Partition != r.Partition || arn.Region != r.Region || arn.Account != r.Account {
		return fmt.Errorf("resource %q does not belong to registry %q, whose repositories are %s", resource, r.Name, r.RepositoryARN("*"))
	}
	return nil
}
