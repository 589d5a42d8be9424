package simulate

import (
	"encoding/json"
	"fmt"
	"strings"

	"extauthz/iam"
	"extauthz/strictjson"
)

// input is a simulation's input, read field by field.
type input struct {
	reader   *strictjson.Reader
	compiler *compiler

	id                 json.RawMessage
	actions, resources []string
	caller             *iam.Principal // nil: not given
	owner              owner
	context            iam.Context
	policies           iam.Policies
	levelsField        string // the field that gave the service control policies
}

// read reads the whole object and checks what concerns several fields.
func (in *input) read() error {
	start := in.reader.Start()
	if err := in.reader.Object("the input", in.field); err != nil {
		return err
	}
	switch {
	case len(in.actions) == 0:
		return in.reader.ErrorAt(start, "ActionNames is missing or empty", "name at least one action, such as ecr:BatchGetImage")
	case len(in.actions)*max(1, len(in.resources)) > maxQuestions:
		return in.reader.ErrorAt(start, fmt.Sprintf("%d actions on %d resources are too many", len(in.actions), len(in.resources)), fmt.Sprintf("ask for at most %d pairs at a time", maxQuestions))
	}
	in.completeRole()
	return nil
}

// maxQuestions bounds the results of one input.
const maxQuestions = 100_000

// field reads the value of one field.
func (in *input) field(name string, at int) (err error) {
	switch name {
	case "Id":
		in.id, err = in.reader.Raw()
	case "ActionNames":
		err = in.texts(name, &in.actions, checkAction)
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

// policyField reads the value of a field that holds policies.
func (in *input) policyField(name string, at int) error {
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
	return in.reader.ErrorAt(at, fmt.Sprintf("unknown field %q", name), "names are those of SimulateCustomPolicy, in the same case")
}

// texts reads an array of strings, each of which check, if any, accepts.
func (in *input) texts(name string, texts *[]string, check func(string) string) error {
	return in.reader.Array(name, func(int) error {
		text, at, err := in.reader.String("an item of " + name)
		if err != nil {
			return err
		}
		if check != nil {
			if wrong := check(text); wrong != "" {
				return in.reader.ErrorAt(at, fmt.Sprintf("%q %s", text, wrong), "")
			}
		}
		*texts = append(*texts, text)
		return nil
	})
}

// checkAction says what is wrong with an action, "" if nothing is. The simulator
// asks about actions, not about patterns of them.
func checkAction(text string) string {
	service, name, found := strings.Cut(text, ":")
	switch {
	case !found || service == "" || name == "" || strings.Contains(name, ":"):
		return "is no action; write service:Action, such as ecr:BatchGetImage"
	case strings.ContainsAny(text, "*?"):
		return "holds a wildcard; ask about each action by its name"
	}
	for _, c := range text {
		if c <= ' ' || c > '~' {
			return "holds a character that no action has; write service:Action, such as ecr:BatchGetImage"
		}
	}
	return ""
}

// checkResource says what is wrong with a resource, "" if nothing is.
func checkResource(text string) string {
	if text == "*" {
		return ""
	}
	if _, err := iam.ParseARN(text); err != nil {
		return "is no resource: " + err.Error()
	}
	return ""
}

// questions are what the input asks, action by action.
func (in *input) questions() ([]Question, error) {
	resources := in.resources
	if len(resources) == 0 {
		resources = []string{"*"}
	}
	onEach := make([]Question, len(resources))
	for i, resource := range resources {
		if err := in.checkPartition(resource); err != nil {
			return nil, err
		}
		policies := in.policies
		policies.ResourceAccount = in.account(resource)
		onEach[i] = Question{
			Policies: &policies, Unnamed: in.caller == nil,
			Request: iam.Request{Principal: in.principal(resource), Resource: resource, Context: in.context},
		}
	}
	questions := make([]Question, 0, len(in.actions)*len(resources))
	for _, action := range in.actions {
		for _, q := range onEach {
			q.Request.Action = action
			questions = append(questions, q)
		}
	}
	return questions, nil
}
