package policystore

import (
	"fmt"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/policystore/awsexport"
	"extauthz/policystore/config"
)

// registryPolicies are the policies of registries.
type registryPolicies struct {
	byPrefix map[string][]*iam.Policy // of the ARNs of the registry's repositories
	ordered  []*iam.Policy            // in the order of files
}

// loadRegistryPolicies compiles every registry policy, by the prefix of the ARNs of the
// registry's repositories. It applies to every request about them (Amazon ECR User Guide,
// "Private registry permissions", scope V2).
func (c *compiler) loadRegistryPolicies(all *config.Registries) *registryPolicies {
	policies := &registryPolicies{byPrefix: map[string][]*iam.Policy{}}
	for _, f := range c.others {
		at, found := parseRegistryPath(f.Path, registryPolicyFile)
		if !found {
			continue
		}
		owner := c.owner(all, f.Path, at)
		if c.skips(f.Path) {
			continue
		}
		compiled, err := cachedFile(c, f, iam.RegistryPolicy.String(), func(text []byte) (*compiledPolicy, error) {
			return c.policies.compileResourcePolicy(iam.RegistryPolicy, f.Path, text, at)
		})
		if c.report(err) || owner == nil {
			continue
		}
		policy := c.use(compiled)
		policies.byPrefix[owner.ARNPrefix()] = []*iam.Policy{policy}
		policies.ordered = append(policies.ordered, policy)
	}
	return policies
}

// compileResourcePolicy compiles the policy in a file of a repository or registry.
func (c *policyCompiler) compileResourcePolicy(kind iam.Kind, path string, text []byte, at location) (*compiledPolicy, error) {
	p, err := awsexport.ReadResourcePolicy(path, text)
	if err != nil {
		return nil, err
	}
	if p.IsOutput {
		if err := at.check(path, p); err != nil {
			return nil, err
		}
	}
	return c.compile(kind, p.Document)
}

// check compares what an output says about the policy's repository and registry with the
// path of the file.
func (at location) check(file string, p *awsexport.ResourcePolicy) error {
	account, repository := p.Account, p.Repository
	switch {
	case account.Text != "" && account.Text != at.account:
		return faultAt(file, account.At, fmt.Sprintf("registryId %q is not account %q, which the folder is for", account.Text, at.account), "move it")
	case repository.Text == "" && at.repository != "":
		return faultAt(file, diag.Point{Line: 1, Column: 1}, fmt.Sprintf("the output lacks repositoryName, like that of get-registry-policy, which belongs in %s", registryPolicyFile), "save the output of aws ecr get-repository-policy as it is")
	case repository.Text != "" && at.repository == "":
		return faultAt(file, repository.At, fmt.Sprintf("this is the policy of repository %q, in the file for a registry's", repository.Text), fmt.Sprintf("move it to %q", "repositories/"+repository.Text+"/"+policyFile))
	case repository.Text != "" && repository.Text != at.repository:
		return faultAt(file, repository.At, fmt.Sprintf("repositoryName %q is not %q, which the folder is for", repository.Text, at.repository), "move it")
	}
	return nil
}
