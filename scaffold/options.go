package scaffold

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/mapping"
)

// Options are the choices of the operator.
type Options struct {
	Account      string // the registry's account, 12 digits
	Region       string
	Partition    string // one of AWS
	Host         string // the registry's host name
	Repositories []Repository
	Users        []string // at least one
	Admin        string   // of pull-and-admin
	OtherAccount string   // of cross-account-push and pull-all-accounts
	GitHub       string   // OWNER/REPOSITORY or OWNER@ID/REPOSITORY@ID whose main branch may push
}

// The forms of names in AWS, HTTP and GitHub.
var (
	regionName = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$`)
	hostName   = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*(:[0-9]{1,5})?$`)
	userName   = regexp.MustCompile(`^[A-Za-z0-9+=.@_-]{1,64}$`)
	// gitHubName matches a repository in the sub claim of its tokens: by name, or by
	// name and immutable ID in repositories that were created, renamed or
	// transferred since July 2026 (GitHub Docs, "OpenID Connect reference", section
	// "Immutable subject claims"). The owner of a managed account has an underscore.
	gitHubName = regexp.MustCompile(`^[A-Za-z0-9_-]+(/[A-Za-z0-9._-]+|@[0-9]+/[A-Za-z0-9._-]+@[0-9]+)$`)
	gitHubID   = regexp.MustCompile(`@[0-9]+`)
)

// check returns the first fault of the options, with the flag of extauthz init and what to
// write there.
func (o *Options) check() error {
	switch {
	case !iam.IsAccount(o.Account):
		return diag.Problemf("--account %q is not an account id", o.Account).WithRemedy("write 12 digits")
	case !regionName.MatchString(o.Region):
		return diag.Problemf("--region %q is not a region", o.Region).WithRemedy("write one such as eu-central-1")
	case !slices.Contains(slices.Collect(iam.Partitions()), o.Partition):
		return diag.Problemf("--partition %q is not a partition", o.Partition).WithRemedy("write one of " + strings.Join(slices.Collect(iam.Partitions()), ", "))
	case o.inOtherPartition():
		partition, _ := iam.PartitionOf(o.Region)
		return diag.Problemf("--region %q is in partition %q, not in %q", o.Region, partition, o.Partition).WithRemedy(fmt.Sprintf("write --partition %s, or another region", partition))
	case !hostName.MatchString(o.Host):
		return diag.Problemf("--registry-host %q is not a host", o.Host).WithRemedy("write a lower-case host name, with a port only if clients use one")
	case !iam.IsAccount(o.OtherAccount):
		return diag.Problemf("--other-account %q is not an account id", o.OtherAccount).WithRemedy("write 12 digits")
	case o.OtherAccount == o.Account:
		return diag.Problemf("--other-account %q is the registry's account", o.OtherAccount).WithRemedy("give another")
	case !gitHubName.MatchString(o.GitHub):
		return diag.Problemf("--github %q is not a repository", o.GitHub).WithRemedy("write OWNER/REPOSITORY, or OWNER@ID/REPOSITORY@ID if the repository's tokens have immutable subjects")
	case len(o.Users) == 0:
		return diag.Problemf("--users is empty").WithRemedy("give at least one user")
	case len(o.Repositories) == 0:
		return diag.Problemf("--repository is missing").WithRemedy("give at least one")
	}
	if err := o.checkUsers(); err != nil {
		return err
	}
	return o.checkRepositories()
}

// inOtherPartition reports whether the region is known to be in another partition.
func (o *Options) inOtherPartition() bool {
	partition, known := iam.PartitionOf(o.Region)
	return known && partition != o.Partition
}

// checkUsers checks that users have different names of IAM, without regard to case (IAM
// User Guide, "IAM and AWS STS quotas"). A list separated by commas cannot contain a
// comma in a name.
func (o *Options) checkUsers() error {
	seen := map[string]bool{}
	for i, user := range append([]string{o.Admin}, o.Users...) {
		flag := "--users"
		if i == 0 {
			flag = "--admin"
		}
		switch {
		case !userName.MatchString(user):
			return diag.Problemf("%s: %q is not a user name", flag, user).WithRemedy("use 1 to 64 letters, digits and + = . @ _ -, and commas between users")
		case user == "AWS":
			return diag.Problemf("%s: AWS is the user whose password is a token", flag).WithRemedy("give another name")
		case seen[strings.ToLower(user)]:
			return diag.Problemf("%s: user %q occurs twice in --users and --admin", flag, user).WithRemedy("keep one")
		}
		seen[strings.ToLower(user)] = true
	}
	return nil
}

func (o *Options) checkRepositories() error {
	seen := map[string]bool{}
	for _, r := range o.Repositories {
		if err := r.check(); err != nil {
			return err
		}
		if seen[r.Name] {
			return diag.Problemf("--repository %q occurs twice", r.Name).WithRemedy("keep one")
		}
		seen[r.Name] = true
	}
	return nil
}

func (r Repository) check() error {
	if !mapping.ValidRepository(r.Name) {
		return diag.Problemf("%q is not a repository name", r.Name).WithRemedy("write one such as team/app")
	}
	return r.Template.check()
}
