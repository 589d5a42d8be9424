package policystore

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"extauthz/iam"
	"extauthz/mapping"
	"extauthz/policystore/awsexport"
	"extauthz/policystore/config"
	"extauthz/policystore/directory"
)

// Limits of files, in bytes.
const (
	maxFileSize   = awsexport.MaxDocumentSize // of a policy or other small file
	maxListSize   = 16 << 20                  // of a list that an operator writes: principals.yaml
	maxOutputSize = 64 << 20                  // of a list of everything in an account or registry
)

// layout returns the layout of a policy directory whose texts may take so many bytes of
// memory; 0 means any amount.
func layout(memory uint64) directory.Layout {
	return directory.Layout{MaxSize: maxSize, MaxTotal: int64(memory), Skips: isIgnored, IsSecret: isSecret, IsFile: hasOneName}
}

// isIgnored reports whether a file decides nothing, so that it is not part of the tree and
// its digest.
func isIgnored(file string) bool { return isPolicyTest(file) || isDocumentation(file) }

// isDocumentation reports whether a file is for readers of the directory: a Markdown file,
// or a LICENSE. A name such as deny.json.md is neither: it may be a policy with a wrong
// name.
func isDocumentation(file string) bool {
	name := path.Base(file)
	stem, markdown := strings.CutSuffix(name, ".md")
	switch path.Ext(stem) {
	case ".json", ".yaml", ".yml", ".pem":
		return false
	}
	return markdown && stem != "" || name == "LICENSE"
}

// maxSize returns the largest size of a file with a name.
func maxSize(file string) int64 {
	switch path.Base(file) {
	case authorizationFile, inventoryName:
		return maxOutputSize
	case "principals.yaml", "registries.yaml", "htpasswd":
		return maxListSize
	}
	return maxFileSize
}

// isSecret reports whether a file contains secrets that others must not read.
func isSecret(file string) bool { return file == AccessKeysPath || file == config.UpstreamsPath }

// policyTests is the form of the paths of policy tests.
var policyTests = regexp.MustCompile(`^tests/[A-Za-z0-9+=,.@_-]{1,128}\.yaml$`)

func isPolicyTest(file string) bool {
	return strings.HasPrefix(file, "tests/") && policyTests.MatchString(file)
}

// namedFile is the form of the path of a file that others refer to by name. IAM's names of
// managed policies have up to 128 of these characters.
var namedFile = regexp.MustCompile(`^((managed|trust|jwks)/[A-Za-z0-9+=,.@_-]{1,128}\.json|ca/[A-Za-z0-9+=,.@_-]{1,128}\.pem)$`)

// hasOneName reports whether a file is one that a directory has at most once, in its root.
func hasOneName(file string) bool {
	return file == "registries.yaml" || file == "principals.yaml" || file == passwordsPath || file == AccessKeysPath || file == config.OrganizationPath || file == config.UpstreamsPath
}

// belongs reports whether a file belongs to a policy directory by its path.
func belongs(file string) bool {
	return isOfAccount(file) || hasOneName(file) || namedFile.MatchString(file) ||
		controlPath.MatchString(file) || file == config.DescribedOrganizationPath
}

// strayFile returns the error about a file that does not belong to a policy directory. It
// quotes a name that is not what it seems: letters may look the same, and a blank at the
// end is invisible.
func strayFile(file string) error {
	remedy := "fix its name, remove it, or give it a leading dot"
	account, _, ofAccount := cutAccount(file)
	switch {
	case strings.HasSuffix(file, ".yml"):
		remedy = "name it " + strings.TrimSuffix(file, ".yml") + ".yaml, or remove it"
	case strings.HasPrefix(file, "organization/"):
		remedy = fmt.Sprintf("move a policy to organization/scp/ID or organization/rcp/ID, where ID is the root, organizational unit or account that it is attached to, and the output of describe-organization to %s", config.DescribedOrganizationPath)
	case strings.HasPrefix(file, "accounts/") && !ofAccount:
		remedy = fmt.Sprintf("name its account by 12 digits instead of %+q, or remove it", account)
	}
	name := ""
	if quoted := fmt.Sprintf("%+q", file); quoted != `"`+file+`"` || strings.TrimSpace(file) != file {
		name = " (" + quoted + ")"
	}
	return fault(file, "not a file of a policy directory"+name+", so its content would have no effect", remedy)
}

// The names of files in the folder of an account, or of its region.
const (
	authorizationFile  = "authorization-details.json"
	inventoryName      = "repositories.json"
	registryPolicyFile = "registry-policy.json"
)

// The names of the files about a repository. No component of a repository's name begins
// with an underscore.
const (
	policyFile = "_policy.json"
	tagsFile   = "_tags.json"
)

// controlPath is the form of the path of a file about control policies: the kind, and the
// root, organizational unit, account or level that they are attached to.
var controlPath = regexp.MustCompile(`^organization/(scp|rcp)/([A-Za-z0-9+=,.@_-]{1,128})/[A-Za-z0-9+=,.@_-]{1,128}\.json$`)

// parseAuthorizationPath returns the account of an output of its users, roles and policies.
func parseAuthorizationPath(file string) (account string, ok bool) {
	account, rest, ok := cutAccount(file)
	return account, ok && rest == authorizationFile
}

// parseRegistryPath splits accounts/ACCOUNT/REGION/NAME. The name is one of a file about a
// whole registry.
func parseRegistryPath(file, name string) (at location, ok bool) {
	if !strings.HasSuffix(file, name) {
		return location{}, false
	}
	account, region, rest, ok := splitAccount(file)
	return location{account: account, region: region}, ok && rest == name
}

// inventoryPath returns the path of the inventory of an account's region.
func inventoryPath(account, region string) string {
	return "accounts/" + account + "/" + region + "/" + inventoryName
}

// registryPolicyPath returns the path of the policy of a registry.
func registryPolicyPath(account, region string) string {
	return "accounts/" + account + "/" + region + "/" + registryPolicyFile
}

// isOfAccount reports whether a file is about an account, a registry or a repository by its
// path.
func isOfAccount(file string) bool {
	_, ofAccount := parseAuthorizationPath(file)
	_, isInventory := parseRegistryPath(file, inventoryName)
	_, isPolicy := parseRegistryPath(file, registryPolicyFile)
	_, isOfRepository := parseRepositoryFile(file)
	return ofAccount || isInventory || isPolicy || isOfRepository
}

// A location is a repository or a whole registry, which has no repository's name.
type location struct{ account, region, repository string }

// cutAccount splits accounts/ACCOUNT/REST.
func cutAccount(file string) (account, rest string, ok bool) {
	file, found := strings.CutPrefix(file, "accounts/")
	account, rest, _ = strings.Cut(file, "/")
	return account, rest, found && iam.IsAccount(account)
}

// splitAccount splits accounts/ACCOUNT/REGION/REST.
func splitAccount(file string) (account, region, rest string, ok bool) {
	account, file, ok = cutAccount(file)
	region, rest, _ = strings.Cut(file, "/")
	return account, region, rest, ok && isRegion(region)
}

// parseRepositoryPath splits accounts/ACCOUNT/REGION/repositories/REPOSITORY/NAME. The name is
// one of a file about a repository.
func parseRepositoryPath(file, name string) (at location, ok bool) {
	folder, found := strings.CutSuffix(file, "/"+name)
	if !found {
		return location{}, false
	}
	account, region, rest, ok := splitAccount(folder)
	repository, found := strings.CutPrefix(rest, "repositories/")
	if !ok || !found || !mapping.ValidRepository(repository) {
		return location{}, false
	}
	return location{account, region, repository}, true
}

// parseRepositoryFile returns the repository that a file is about.
func parseRepositoryFile(file string) (at location, ok bool) {
	if at, ok = parseRepositoryPath(file, policyFile); !ok {
		at, ok = parseRepositoryPath(file, tagsFile)
	}
	return at, ok
}

// isPolicyFile reports whether a file about a repository is its policy.
func isPolicyFile(file string) bool { return strings.HasSuffix(file, "/"+policyFile) }

// path returns the path of a file about a repository.
func (at location) path(name string) string {
	return at.folder() + at.repository + "/" + name
}

// folder returns the beginning of the paths of files about repositories of a registry.
func (at location) folder() string {
	return "accounts/" + at.account + "/" + at.region + "/repositories/"
}

const digits = "0123456789"

// isRegion reports whether a folder of an account may have the name of a region.
func isRegion(name string) bool {
	return name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz-"+digits) == ""
}
