package simulate

import (
	"encoding/json"
	"fmt"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/strictjson"
)

// inputReader reads an input of SimulateCustomPolicy field by field.
type inputReader struct {
	reader   *strictjson.Reader
	compiler *compiler

	id                 json.RawMessage
	actions, resources []string
	caller             *iam.Principal // nil without CallerArn
	owner              owner
	context            iam.Context
	policies           iam.Policies
	levelsField        string // the field that contains the service control policies
}

// read reads the whole object, and checks rules about several fields. After a fault it
// goes on with the next field.
func (in *inputReader) read() error {
	start := in.reader.Start()
	if err := in.reader.Members("the input", in.field); err != nil {
		return err
	}
	switch {
	case len(in.actions) == 0:
		return in.reader.ErrorAt(start, "ActionNames is missing or empty", "add at least one action, such as ecr:BatchGetImage")
	case len(in.actions)*max(1, len(in.resources)) > maxEvaluations:
		return in.reader.ErrorAt(start, fmt.Sprintf("%d actions on %d resources are too many", len(in.actions), len(in.resources)), fmt.Sprintf("simulate at most %d pairs at a time", maxEvaluations))
	}
	in.caller = in.withRole()
	return nil
}

// maxEvaluations is the largest number of results of one input.
const maxEvaluations = 100_000

// field reads the value of one field.
func (in *inputReader) field(name string, at int) (err error) {
	switch name {
	case "Id":
		in.id, err = in.reader.Raw()
	case "ActionNames":
		err = in.texts(name, &in.actions, CheckAction)
	case "ResourceArns":
		err = in.texts(name, &in.resources, checkResource)
	case "CallerArn":
		err = in.callerArn(name)
	case "ResourceOwner":
		err = in.resourceOwner(name)
	case "ContextEntries":
		err = in.entries(name)
	case "MaxItems":
		err = in.reader.Number(name)
	case "Marker", "ResourceHandlingOption":
		_, _, err = in.reader.String(name)
	default:
		err = in.policyField(name, at)
	}
	return err
}

// policyField reads the value of a field that contains policies.
func (in *inputReader) policyField(name string, at int) error {
	switch name {
	case "PolicyInputList":
		return in.policyList(iam.IdentityPolicy, name, &in.policies.Identity)
	case "PermissionsBoundaryPolicyInputList":
		return in.boundary(name)
	case "SessionPolicyInputList":
		return in.policyList(iam.SessionPolicy, name, &in.policies.Session)
	case "ServiceControlPolicyInputList", orderedLevels:
		return in.serviceControlPolicies(name, at)
	case "ResourceControlPolicyInputList":
		return in.policyLevels(iam.ResourceControlPolicy, name, &in.policies.RCPs)
	case "ResourcePolicy":
		return in.resourcePolicy(name)
	case "RegistryPolicy":
		return in.registryPolicy(name)
	}
	return in.reader.ErrorAt(at, fmt.Sprintf("unknown field %q", name), "use the names of SimulateCustomPolicy, in the same case")
}

// texts reads an array of strings. If check is not nil, it rejects strings.
func (in *inputReader) texts(name string, texts *[]string, check func(string) error) error {
	return in.reader.Array(name, func(int) error {
		text, at, err := in.reader.String("an item of " + name)
		if err != nil {
			return err
		}
		if check != nil {
			if err := check(text); err != nil {
				return in.reader.Wrap(at, "", err)
			}
		}
		*texts = append(*texts, text)
		return nil
	})
}

// CheckAction rejects a text that is not an action. Patterns of actions are not accepted.
func CheckAction(text string) error {
	const remedy = "write service:Action, such as ecr:BatchGetImage"
	service, name, found := strings.Cut(text, ":")
	switch {
	case !found || service == "" || name == "" || strings.Contains(name, ":"):
		return diag.Problemf("%q is not an action", text).WithRemedy(remedy)
	case strings.ContainsAny(text, "*?"):
		return diag.Problemf("%q contains a wildcard", text).WithRemedy("write the name of each action")
	}
	for _, c := range text {
		if c <= ' ' || c > '~' {
			return diag.Problemf("%q contains a character that actions do not have", text).WithRemedy(remedy)
		}
	}
	return nil
}

// checkResource rejects a text that is neither * nor an ARN.
func checkResource(text string) error {
	if text == "*" {
		return nil
	}
	if _, err := iam.ParseARN(text); err != nil {
		return diag.Wrap(diag.Position{}, fmt.Sprintf("%q is not a resource: ", text), err)
	}
	return nil
}

// evaluations returns the evaluations of each action on each resource.
func (in *inputReader) evaluations() ([]Evaluation, error) {
	resources := in.resources
	if len(resources) == 0 {
		resources = []string{"*"}
	}
	onEach := make([]Evaluation, len(resources))
	for i, resource := range resources {
		if err := in.checkPartition(resource); err != nil {
			return nil, err
		}
		policies := in.policies
		policies.ResourceAccount = in.account(resource)
		onEach[i] = Evaluation{
			Policies: &policies, Unnamed: in.caller == nil,
			Request: iam.Request{Principal: in.principal(resource), Resource: resource, Context: in.context},
		}
	}
	evaluations := make([]Evaluation, 0, len(in.actions)*len(resources))
	for _, action := range in.actions {
		for _, q := range onEach {
			q.Request.Action = action
			evaluations = append(evaluations, q)
		}
	}
	return evaluations, nil
}
