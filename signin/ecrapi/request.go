package ecrapi

import (
	"encoding/json/v2"
	"fmt"
	"regexp"
	"strings"

	"extauthz/iam"
	"extauthz/mapping"
)

// ContentType is the type of requests and answers.
const ContentType = "application/x-amz-json-1.1"

// targetPrefix precedes the name of the operation in the header X-Amz-Target.
const targetPrefix = "AmazonEC2ContainerRegistry_V20150921."

// An Operation is what a request wants.
type Operation string

// The operations that are supported.
const (
	GetAuthorizationToken Operation = "GetAuthorizationToken"
	GetRepositoryPolicy   Operation = "GetRepositoryPolicy"
	GetRegistryPolicy     Operation = "GetRegistryPolicy"
	DescribeRepositories  Operation = "DescribeRepositories"
	ListTagsForResource   Operation = "ListTagsForResource"
)

// A Request is a request to Amazon ECR. It has what the operation has.
type Request struct {
	Operation Operation

	Account      string // registryId, or the account of the resource; "" for the caller's
	Repositories []string
	MaxResults   int // of DescribeRepositories
	After        string
}

// input is the body of a request.
type input struct {
	RegistryID      string   `json:"registryId"`
	RegistryIDs     []string `json:"registryIds"`
	RepositoryName  string   `json:"repositoryName"`
	RepositoryNames []string `json:"repositoryNames"`
	ResourceARN     string   `json:"resourceArn"`
	MaxResults      *int     `json:"maxResults"`
	NextToken       string   `json:"nextToken"`
}

// Limits of DescribeRepositories (Amazon ECR API Reference).
const (
	maxNames       = 100
	defaultResults = 100
	maxResults     = 1000
)

// Parse parses the body of a request with a target.
func Parse(target string, body []byte) (*Request, *Error) {
	name, found := strings.CutPrefix(target, targetPrefix)
	if !found || !isOperation(name) {
		return nil, NewError(UnknownOperation, "the operation does not exist")
	}
	r := &Request{Operation: Operation(name)}
	switch r.Operation {
	case GetAuthorizationToken, GetRepositoryPolicy, GetRegistryPolicy, DescribeRepositories, ListTagsForResource:
	default:
		return nil, readOnly(name)
	}
	var in input
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, NewError(Serialization, "the body is not the JSON of the operation")
	}
	return r, r.read(&in)
}

var operation = regexp.MustCompile(`^[A-Z][A-Za-z]{2,63}$`)

// isOperation reports whether a text can be the name of an operation.
func isOperation(name string) bool { return operation.MatchString(name) }

// readOnly returns the error of an operation that is not supported.
func readOnly(name string) *Error {
	if strings.HasPrefix(name, "Get") || strings.HasPrefix(name, "List") || strings.HasPrefix(name, "Describe") || strings.HasPrefix(name, "Batch") {
		return NewError(Unsupported, name+" is not supported here: images are in the registry itself, and this service has policies, tags and the names of repositories")
	}
	return NewError(Unsupported, name+" is not supported here: policies, tags and repositories are in the operator's policy directory, and change there only")
}

// read reads what the operation has.
func (r *Request) read(in *input) *Error {
	r.Account = in.RegistryID
	switch r.Operation {
	case GetAuthorizationToken:
		if len(in.RegistryIDs) > 1 {
			return invalid("registryIds", "one registry has one token; give one account")
		}
		if len(in.RegistryIDs) == 1 {
			r.Account = in.RegistryIDs[0]
		}
	case GetRepositoryPolicy:
		r.Repositories = []string{in.RepositoryName}
	case DescribeRepositories:
		r.Repositories = in.RepositoryNames
		if problem := r.page(in); problem != nil {
			return problem
		}
	case ListTagsForResource:
		return r.readResource(in.ResourceARN)
	case GetRegistryPolicy:
	}
	return r.check()
}

// check checks the account and the names.
func (r *Request) check() *Error {
	if r.Account != "" && !iam.IsAccount(r.Account) {
		return invalid("registryId", "must be 12 digits")
	}
	for _, name := range r.Repositories {
		if len(name) > 256 || !mapping.ValidRepository(name) {
			return invalid("repositoryName", "must be the name of a repository")
		}
	}
	return nil
}

// readResource reads the ARN of a repository.
func (r *Request) readResource(text string) *Error {
	arn, err := iam.ParseARN(text)
	name, found := strings.CutPrefix(arn.Resource, "repository/")
	if err != nil || arn.Service != "ecr" || !found || !iam.IsAccount(arn.Account) {
		return invalid("resourceArn", "must be the ARN of a repository")
	}
	r.Account, r.Repositories = arn.Account, []string{name}
	return r.check()
}

// page reads which page of the list of repositories a request wants.
func (r *Request) page(in *input) *Error {
	r.MaxResults = defaultResults
	switch {
	case len(r.Repositories) > maxNames:
		return invalid("repositoryNames", fmt.Sprintf("must have at most %d names", maxNames))
	case len(r.Repositories) > 0 && (in.MaxResults != nil || in.NextToken != ""):
		return invalid("repositoryNames", "a request with names has neither maxResults nor nextToken")
	case in.MaxResults != nil && (*in.MaxResults < 1 || *in.MaxResults > maxResults):
		return invalid("maxResults", fmt.Sprintf("must be from 1 to %d", maxResults))
	case in.MaxResults != nil:
		r.MaxResults = *in.MaxResults
	}
	var ok bool
	if r.After, ok = parseToken(in.NextToken); !ok {
		return invalid("nextToken", "must be the nextToken of an earlier answer")
	}
	return nil
}
