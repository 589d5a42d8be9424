package simulate

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"extauthz/authz"
	"extauthz/iam"
	"extauthz/identity"
	"extauthz/identity/sts"
	"extauthz/mapping"
	"extauthz/policystore"
)

// An Inquiry is what a principal asks of a registry that a policy directory
// describes: either a request as a client would send it, or actions on
// resources.
type Inquiry struct {
	// Principal is the ARN of a user or a role session of the directory, or of an
	// account's root user, or the name of a service.
	Principal string
	// Tags are the session tags of a role session, over the tags of its role.
	Tags []sts.Tag
	// Source is the resource for which a service calls.
	Source sts.SourceResource
	// Registry is the name of the registry; "" is the only one there is, or the
	// one that the resources are of.
	Registry string

	// Method and Path are the request. With them the actions and resources are
	// those that the sidecar would decide, up to the first that denies.
	Method, Path string
	// Actions and Resources are asked about in every combination, where there is
	// no request. No resource is "*".
	Actions, Resources []string

	// The rest is what the request brings into the context.

	Headers []mapping.Header // names in lower case; host, if any, is the host asked for
	Peer    string           // the client's address; "" leaves aws:SourceIp out
	TLS     bool             // the client's connection is TLS
	Time    time.Time
}

// Answer is what an Inquiry comes to.
type Answer struct {
	Questions []Question
	// Result is the sidecar's answer to the request; nil where actions were
	// asked about.
	Result *authz.Result
}

// Ask puts the inquiry to a snapshot, as the running sidecar would decide it. The
// error says what in the inquiry cannot be asked: a principal or a registry that
// is not there, or a request that is refused before any policy is consulted.
func (i *Inquiry) Ask(s *policystore.Snapshot) (*Answer, error) {
	caller, err := s.CallerOf(&sts.CallerSpec{Principal: i.Principal, Tags: i.Tags, SourceResource: i.Source})
	if err != nil {
		return nil, err
	}
	registry, err := i.registry(s)
	if err != nil {
		return nil, err
	}
	if i.Method == "" {
		return i.askActions(s, registry, caller)
	}
	return i.askRequest(s, registry, caller)
}

func (i *Inquiry) askRequest(s *policystore.Snapshot, registry *policystore.Registry, caller *identity.Caller) (*Answer, error) {
	checker := authz.Checker{Snapshots: func() *policystore.Snapshot { return s }}
	result := checker.CheckAs(caller, i.request(registry))
	if result.Decision == authz.Refused || len(result.Evaluations) == 0 {
		return nil, fmt.Errorf("%s %s is answered with %d before any policy is consulted: %s", i.Method, i.Path, result.Answer.Status, result.Answer.Body)
	}
	answer := &Answer{Result: result}
	for i := range result.Evaluations {
		answer.Questions = append(answer.Questions, Question{Policies: result.Policies(i), Request: result.Evaluations[i].Request})
	}
	return answer, nil
}

func (i *Inquiry) askActions(s *policystore.Snapshot, registry *policystore.Registry, caller *identity.Caller) (*Answer, error) {
	resources := i.Resources
	if len(resources) == 0 {
		resources = []string{"*"}
	}
	answer := &Answer{}
	for _, action := range i.Actions {
		if wrong := checkAction(action); wrong != "" {
			return nil, fmt.Errorf("%q %s", action, wrong)
		}
		for _, resource := range resources {
			if err := checkPlace(registry, resource); err != nil {
				return nil, err
			}
			r := authz.NewIAMRequest(i.request(registry), registry, caller, action, resource)
			answer.Questions = append(answer.Questions, Question{Policies: s.Decisions.Applicable(r, caller.SessionPolicies), Request: *r})
		}
	}
	return answer, nil
}

// request is what a door would make of the client's request.
func (i *Inquiry) request(registry *policystore.Registry) *authz.Request {
	r := &authz.Request{
		Method: i.Method, Path: i.Path, Host: registry.Host(), Headers: i.Headers,
		Peer: i.Peer, Time: i.Time, Extensions: map[string]string{authz.RegistryExtension: registry.Name},
	}
	for _, h := range i.Headers {
		if h.Name == "host" {
			r.Host = h.Value
		}
	}
	if i.TLS {
		r.SNI = r.Host
	}
	return r
}

// registry finds the registry that is asked: the one named, else the only one
// that can be meant.
func (i *Inquiry) registry(s *policystore.Snapshot) (*policystore.Registry, error) {
	names := s.RegistryNames()
	if i.Registry != "" {
		if r := s.RegistryNamed(i.Registry); r != nil {
			return r, nil
		}
		return nil, fmt.Errorf("no registry %q in registries.yaml; it has %s", i.Registry, strings.Join(names, ", "))
	}
	var found *policystore.Registry
	for _, name := range names {
		r := s.RegistryNamed(name)
		if len(names) > 1 && !i.isAbout(r) {
			continue
		}
		if found != nil {
			return nil, fmt.Errorf("name the registry that is asked; registries.yaml has %s", strings.Join(names, ", "))
		}
		found = r
	}
	if found == nil {
		return nil, errors.New("no registry in registries.yaml has the account and region of the resources; it has " + strings.Join(names, ", "))
	}
	return found, nil
}

// isAbout reports whether all resources can be of the registry.
func (i *Inquiry) isAbout(r *policystore.Registry) bool {
	for _, resource := range i.Resources {
		if checkPlace(r, resource) != nil {
			return false
		}
	}
	return true
}

// checkPlace refuses a resource that cannot be of the registry.
func checkPlace(r *policystore.Registry, resource string) error {
	if resource == "*" {
		return nil
	}
	arn, err := iam.ParseARN(resource)
	if err != nil {
		return err
	}
	if arn.Partition != r.Partition || arn.Region != r.Region || arn.Account != r.Account {
		return fmt.Errorf("resource %q is not of registry %q, which is %s", resource, r.Name, r.RepositoryARN("*"))
	}
	return nil
}
