package policystore

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"extauthz/policystore/directory"
)

// Limits of files, in bytes.
const (
	maxFileSize   = 1 << 20  // of a file with a name of its own, such as a policy
	maxListSize   = 16 << 20 // of one that lists what the operator writes: principals.yaml
	maxOutputSize = 64 << 20 // of one that lists what an account or registry has
)

// layout is what reading must know of a policy directory's files, whose texts may
// take so much memory; 0 is no bound.
func layout(memory uint64) directory.Layout {
	return directory.Layout{MaxSize: maxSize, MaxTotal: int64(memory), Skips: isNoPart, IsFile: hasOneName}
}

// isNoPart reports whether a file decides nothing, so that it is no part of the tree
// and its digest.
func isNoPart(file string) bool { return isPolicyTest(file) || isDocumentation(file) }

// isDocumentation reports whether a file is for the people who keep the directory: any
// Markdown file, or a LICENSE. A name such as deny.json.md is neither: it may be a
// policy whose name is wrong.
func isDocumentation(file string) bool {
	name := path.Base(file)
	stem, markdown := strings.CutSuffix(name, ".md")
	switch path.Ext(stem) {
	case ".json", ".yaml", ".yml", ".pem":
		return false
	}
	return markdown && stem != "" || name == "LICENSE"
}

// maxSize is the largest size of a file, by its name alone.
func maxSize(file string) int64 {
	switch path.Base(file) {
	case authorizationFile, inventoryName:
		return maxOutputSize
	case "principals.yaml", "registries.yaml", "htpasswd":
		return maxListSize
	}
	return maxFileSize
}

// policyTests is the form of the paths of policy tests. They decide nothing, and
// so are no part of the tree and its digest.
var policyTests = regexp.MustCompile(`^tests/[A-Za-z0-9+=,.@_-]{1,128}\.yaml$`)

func isPolicyTest(file string) bool {
	return strings.HasPrefix(file, "tests/") && policyTests.MatchString(file)
}

// namedFile is the form of the path of a file that others name; IAM's names of
// managed policies are up to 128 of these characters.
var namedFile = regexp.MustCompile(`^((managed|trust|jwks)/[A-Za-z0-9+=,.@_-]{1,128}\.json|ca/[A-Za-z0-9+=,.@_-]{1,128}\.pem)$`)

// hasOneName tells of a file that has one name, at the top.
func hasOneName(file string) bool {
	return file == "registries.yaml" || file == "principals.yaml" || file == "htpasswd" || file == organizationPath
}

// checkPaths refuses a file that no part of the directory's layout explains.
func checkPaths(t *directory.Tree) error {
	for _, file := range t.Paths {
		switch {
		case hasOneName(file) || namedFile.MatchString(file):
		case isOfRepository(file) || isInventory(file) || isRegistryPolicy(file):
		case isAuthorization(file) || controlPath.MatchString(file) || file == describedOrganizationPath:
		default:
			return errStray(file)
		}
	}
	return nil
}

// errStray refuses a file by its name, which is quoted where it is not what it seems:
// letters may look alike, and blanks end it.
func errStray(file string) error {
	remedy := "fix its name, remove it, or give it a leading dot"
	account, _, ofAccount := cutAccount(file)
	switch {
	case strings.HasSuffix(file, ".yml"):
		remedy = "name it " + strings.TrimSuffix(file, ".yml") + ".yaml, or remove it"
	case strings.HasPrefix(file, "organization/"):
		remedy = fmt.Sprintf("move it to organization/scp/ID or organization/rcp/ID, where ID is the root, organizational unit or account that the policy is attached to; the output of describe-organization is %s", describedOrganizationPath)
	case strings.HasPrefix(file, "accounts/") && !ofAccount:
		remedy = fmt.Sprintf("name its account by 12 digits instead of %+q, or remove it", account)
	}
	told := ""
	if quoted := fmt.Sprintf("%+q", file); quoted != `"`+file+`"` || strings.TrimSpace(file) != file {
		told = " (" + quoted + ")"
	}
	return fmt.Errorf("%s: not a file of a policy directory%s, so it would not be in force; %s", file, told, remedy)
}
