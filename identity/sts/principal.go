package sts

import (
	"fmt"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
)

// resolve returns the principal of that ARN or name, and the user or role whose policies
// and tags it has: nil for a root user and a service. federatedBy is the ARN of the IAM
// user who federates a federated user; rolePath is the path at which the role of a session
// must be, "" for any.
func (e *Entities) resolve(name, federatedBy, rolePath string) (iam.Principal, *Entity, error) {
	p, err := ParsePrincipal(name)
	if err != nil {
		return iam.Principal{}, nil, err
	}
	if federatedBy != "" && p.Kind != iam.FederatedUser {
		return iam.Principal{}, nil, diag.Problemf("principal %q is not federated by a user", name).WithRemedy("leave federatedBy out")
	}
	var entity *Entity
	switch p.Kind {
	case iam.User:
		if entity = e.Find(name); entity == nil {
			return iam.Principal{}, nil, noSuchEntity(name, fmt.Sprintf("user %q is not among the principals", name))
		}
		p.UserID = entity.ID
	case iam.AssumedRole:
		entity, err = e.resolveRole(&p, rolePath)
	case iam.FederatedUser:
		entity, err = e.resolveFederation(&p, federatedBy)
	case iam.RootUser:
		p.UserID = p.Account
	case iam.Service, iam.Anonymous, iam.FederatedProvider, iam.UnnamedPrincipal, iam.UnknownPrincipal: // have no entity
	}
	return p, entity, err
}

// ParsePrincipal parses the ARN of a caller or the name of a service, and checks its names
// against IAM's limits.
func ParsePrincipal(name string) (iam.Principal, error) {
	if !strings.HasPrefix(name, "arn:") {
		return parseService(name)
	}
	p, err := iam.ParsePrincipal(name)
	if err != nil {
		return iam.Principal{}, err
	}
	switch p.Kind {
	case iam.User:
		err = checkIAMUserName(iam.LastSegment(name))
	case iam.AssumedRole:
		if err = CheckRoleName(roleName(name)); err == nil {
			err = CheckSessionName(iam.LastSegment(name))
		}
	case iam.FederatedUser:
		err = checkFederatedName(iam.LastSegment(name))
	case iam.RootUser, iam.Service, iam.Anonymous, iam.FederatedProvider, iam.UnnamedPrincipal, iam.UnknownPrincipal: // have no name to check
	}
	return p, err
}

// parseService parses the name of a service principal, such as
// codebuild.amazonaws.com (IAM User Guide, "AWS JSON policy elements:
// Principal"; in China it may end with amazonaws.com.cn).
func parseService(name string) (iam.Principal, error) {
	label := strings.TrimSuffix(strings.TrimSuffix(name, ".cn"), ".amazonaws.com")
	if label == name || label == "" || strings.ContainsFunc(label, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '.'
	}) {
		return iam.Principal{}, diag.Problemf("%q is not an ARN or a service such as codebuild.amazonaws.com", name).WithRemedy("write the ARN of a user, a role session, a federated user or a root user")
	}
	return iam.Principal{Kind: iam.Service, ARN: name}, nil
}

// resolveRole sets what follows from the role of a session: its ARN, and aws:userid, in
// which the session's name follows the role's id (IAM User Guide, "IAM policy elements:
// Variables").
func (e *Entities) resolveRole(p *iam.Principal, path string) (*Entity, error) {
	arn, err := iam.ParseARN(p.ARN)
	if err != nil {
		return nil, err
	}
	name := roleName(p.ARN)
	role := e.Role(arn.Partition, arn.Account, name)
	roleARN := iam.ARN{Partition: arn.Partition, Service: "iam", Account: arn.Account, Resource: "role/" + name}.String()
	switch {
	case path == "" && role == nil:
		return nil, noSuchEntity(roleARN, fmt.Sprintf("role %q of account %s is not among the principals", name, arn.Account))
	case path != "" && (role == nil || !strings.HasSuffix(role.ARN, ":role"+path+name)):
		return nil, noSuchEntity(roleARN, fmt.Sprintf("role %q of account %s is not among the principals at path %s", name, arn.Account, path))
	}
	p.RoleARN = role.ARN
	if role.ID != "" {
		p.UserID = role.ID + ":" + iam.LastSegment(p.ARN)
	}
	return role, nil
}

// resolveFederation sets what follows from the user who federates p.
func (e *Entities) resolveFederation(p *iam.Principal, user string) (*Entity, error) {
	p.UserARN, p.UserID = user, p.Account+":"+iam.LastSegment(p.ARN)
	arn, err := iam.ParseARN(p.ARN)
	if err != nil {
		return nil, err
	}
	entity := e.Find(user)
	switch {
	case user == "":
		return nil, diag.Problemf("federated user %q is not federated by a user", p.ARN).WithRemedy("write the user who federates it in federatedBy")
	case entity == nil || entity.IsRole():
		return nil, noSuchEntity(user, fmt.Sprintf("user %q in federatedBy is not among the principals", user))
	case !strings.HasPrefix(user, "arn:"+arn.Partition+":iam::"+arn.Account+":"):
		return nil, diag.Problemf("user %q in federatedBy is of another account than %q", user, p.ARN).WithRemedy("use one of the same account")
	}
	return entity, nil
}

// roleName returns the name of the role in the ARN of one of its sessions.
func roleName(session string) string {
	_, name, _ := strings.Cut(session, "/")
	name, _, _ = strings.Cut(name, "/")
	return name
}

// HasSession reports whether callers of the kind have temporary credentials, and so can
// have session tags and session policies.
func HasSession(k iam.PrincipalKind) bool { return k == iam.AssumedRole || k == iam.FederatedUser }
