package iam

import (
	"fmt"
	"testing"
)

func TestExplain(t *testing.T) {
	identity := mustCompile(t, IdentityPolicy, `{"Version": "2012-10-17", "Statement": [
  {"Sid": "pull", "Effect": "Allow", "Action": "ecr:BatchGetImage", "Resource": "*"},
  {"Sid": "team", "Effect": "Allow", "Action": "ecr:*", "Resource": "arn:aws:ecr:*:*:repository/${aws:PrincipalTag/Team}"},
  {"Sid": "other", "Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"s3:x": "true"}}},
  {"Sid": "insecure", "Effect": "Deny", "Action": "*", "Resource": "*",
   "Condition": {"BoolIfExists": {"aws:SecureTransport": "false"}, "StringLike": {"AWS:username": "a*"}}}
]}`)
	p := Policies{
		Identity: []*Policy{identity},
		Resource: granting(t, `"*"`),
		SCPs:     [][]*Policy{allow(t, ServiceControlPolicy), mute(t, ServiceControlPolicy)},
	}
	r := Request{caller(User), pull, repoARN, Context{{Key: "aws:UserName", Value: "alice"}}}
	e := p.Explain(&r)
	if e.Decision != ExplicitDeny || e.BlockedBy != IdentityClass {
		t.Errorf("%v by %v", e.Decision, e.BlockedBy)
	}
	var matched []string
	for _, m := range e.Matched {
		matched = append(matched, fmt.Sprintf("%v %v %s %d", m.Class, m.Level, m.Statement.Sid, m.Statement.Start.Line))
	}
	want := []string{"identity-based policy 0 insecure 5", "service control policy 0  1", "resource-based policy 0  1", "identity-based policy 0 pull 2"}
	if fmt.Sprint(matched) != fmt.Sprint(want) {
		t.Errorf("matched\n%q, want\n%q", matched, want)
	}
	if got, want := fmt.Sprint(e.MissingContextKeys), "[aws:PrincipalTag/Team aws:SecureTransport]"; got != want {
		t.Errorf("missing %v, want %v", got, want)
	}
	classes := []ClassDecision{{SCPClass, 0, Allowed}, {SCPClass, 1, ImplicitDeny}, {ResourceClass, 0, Allowed}, {IdentityClass, 0, ExplicitDeny}}
	if fmt.Sprint(e.Classes) != fmt.Sprint(classes) {
		t.Errorf("classes %v, want %v", e.Classes, classes)
	}
	if e.Matched[0].Policy != identity {
		t.Error("the matched statement does not lead to its policy")
	}
}

// Classes that do not bind the caller are not part of the explanation.
func TestExplainLeavesOutWhatIsNotInPlay(t *testing.T) {
	p := Policies{
		Identity: deny(t, IdentityPolicy), Boundary: deny(t, PermissionsBoundary), Session: deny(t, SessionPolicy),
		SCPs: [][]*Policy{deny(t, ServiceControlPolicy)}, Resource: granting(t, `"*"`),
	}
	e := p.Explain(&Request{caller(Anonymous), pull, repoARN, nil})
	if e.Decision != Allowed || len(e.Matched) != 1 || len(e.Classes) != 1 {
		t.Errorf("%+v", e)
	}
}

func TestWordsOfDenials(t *testing.T) {
	for class, want := range map[Class]string{
		IdentityClass: "identity-based policy", ResourceClass: "resource-based policy", BoundaryClass: "permissions boundary",
		SessionClass: "session policy", SCPClass: "service control policy", RCPClass: "resource control policy", NoClass: "policy",
	} {
		if class.String() != want {
			t.Errorf("%d is %q, want %q", class, class, want)
		}
	}
}
