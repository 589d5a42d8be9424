package differential

import (
	"encoding/base64"
	"fmt"
	"strings"

	"extauthz/iam"
)

// simulation is a question in the form of @cloud-copilot/iam-simulate. That
// package receives only the policies that apply, which iam determines itself. This code
// selects them as the IAM User Guide ("Policy evaluation logic") and the AWS Organizations
// User Guide describe.
type simulation struct {
	Request  simulationRequest `json:"request"`
	Identity []named           `json:"identityPolicies"`
	Boundary []named           `json:"permissionBoundaryPolicies,omitempty"`
	Session  *Document         `json:"sessionPolicy,omitempty"`
	Resource *Document         `json:"resourcePolicy,omitempty"`
	SCPs     []level           `json:"serviceControlPolicies"`
	RCPs     []level           `json:"resourceControlPolicies"`
}

type simulationRequest struct {
	Principal any            `json:"principal"`
	Action    string         `json:"action"`
	Resource  resource       `json:"resource"`
	Context   map[string]any `json:"contextVariables"`
}

type resource struct {
	Resource string `json:"resource"`
	Account  string `json:"accountId"`
}

type named struct {
	Name   string   `json:"name"`
	Policy Document `json:"policy"`
}

type level struct {
	Identifier string  `json:"orgIdentifier"`
	Policies   []named `json:"policies"`
}

// simulation translates the case.
func (k *Case) simulation() *simulation {
	s := &simulation{
		Request: simulationRequest{k.principal(), k.Action, resource{k.Resource, k.owner()}, k.contextVariables()},
		// The package requires these lists even if they are empty.
		Identity: []named{}, SCPs: []level{}, RCPs: []level{},
	}
	if k.hasIdentity() {
		s.Identity, s.Boundary = nameAll(k.Identity), nameAll(k.Boundary)
		s.Session = merge(k.Session)
	}
	if k.hasIdentity() && !k.isServiceRole() && !k.isManaged(accountOf(k.Caller.ARN)) {
		s.SCPs = nameLevels(k.SCPs)
	}
	if !k.isServiceRole() && !k.isManaged(k.owner()) {
		s.RCPs = nameLevels(k.RCPs)
	}
	s.Resource = merge(k.resourcePolicies())
	return s
}

// hasIdentity reports whether policies of the caller apply.
func (k *Case) hasIdentity() bool {
	return k.Caller.Kind != iam.Anonymous && k.Caller.Kind != iam.Service
}

// isServiceRole reports whether the caller is a session of a service-linked
// role, to which an organization's policies do not apply.
func (k *Case) isServiceRole() bool {
	return strings.Contains(k.Caller.RoleARN, ":role/aws-service-role/")
}

// isManaged reports whether the account is the organization's management
// account, to which its policies do not apply.
func (k *Case) isManaged(account string) bool {
	return k.ManagementAccount != "" && k.ManagementAccount == account
}

// resourcePolicies returns those that apply. An action without a resource is allowed
// by identity-based policies only; any policy may deny it.
func (k *Case) resourcePolicies() (inPlay []Document) {
	for _, d := range k.Resources {
		if k.Resource == "*" {
			d.Statements = denying(d.Statements)
		}
		inPlay = append(inPlay, d)
	}
	return inPlay
}

func denying(statements []Statement) (denies []Statement) {
	for _, s := range statements {
		if s.Effect == iam.Deny {
			denies = append(denies, s)
		}
	}
	return denies
}

// merge combines documents, because the package accepts only one. It ignores the version.
func merge(documents []Document) *Document {
	merged := &Document{Version: "2012-10-17"}
	for _, d := range documents {
		merged.Statements = append(merged.Statements, d.Statements...)
	}
	if len(merged.Statements) == 0 {
		return nil
	}
	return merged
}

func nameAll(documents []Document) []named {
	all := []named{}
	for i, d := range documents {
		all = append(all, named{fmt.Sprint("policy", i), d})
	}
	return all
}

func nameLevels(levels [][]Document) []level {
	all := []level{}
	for i, documents := range levels {
		all = append(all, level{fmt.Sprint("level", i), nameAll(documents)})
	}
	return all
}

func (k *Case) principal() any {
	if k.Caller.Kind == iam.Anonymous {
		return map[string]string{"type": "Anonymous"}
	}
	return k.Caller.ARN
}

// owner returns the account of the resource.
func (k *Case) owner() string {
	switch {
	case k.ResourceAccount != "":
		return k.ResourceAccount
	case k.Resource != "*":
		return accountOf(k.Resource)
	case k.hasIdentity():
		return accountOf(k.Caller.ARN)
	}
	return ""
}

func accountOf(arn string) string   { return strings.Split(arn, ":")[4] }
func partitionOf(arn string) string { return strings.Split(arn, ":")[1] }

// contextVariables returns the context in the package's form, which has text only: bytes
// are base64, as its BinaryEquals compares them.
func (k *Case) contextVariables() map[string]any {
	variables := map[string]any{}
	for _, entry := range k.Context {
		switch {
		case entry.Multi:
			variables[entry.Key] = append([]string{}, entry.Values...)
		case entry.Key == bytesKey:
			variables[entry.Key] = base64.StdEncoding.EncodeToString([]byte(entry.Value))
		default:
			variables[entry.Key] = entry.Value
		}
	}
	return variables
}
