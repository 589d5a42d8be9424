package formats

import (
	"fmt"
	"maps"
)

// exports returns the world as the AWS CLI prints it: files by path.
func (w *World) exports(s style) map[string]string {
	files := w.ours(func(m *Managed) string { return m.ARN() }, nil)
	for _, a := range w.Accounts {
		files["accounts/"+a.ID+"/authorization-details.json"] = s.write(a.output())
	}
	for _, r := range w.Registries {
		maps.Copy(files, r.outputs(s))
	}
	for id, c := range w.ByID {
		maps.Copy(files, controls("organization/scp/"+id+"/", "SERVICE_CONTROL_POLICY", "p-FullAWSAccess", c.SCPs, s))
		maps.Copy(files, controls("organization/rcp/"+id+"/", "RESOURCE_CONTROL_POLICY", "p-RCPFullAWSAccess", c.RCPs, s))
	}
	return files
}

// controls returns the outputs of aws organizations list-policies-for-target and describe-policy.
// An id to which no policy is attached has the one of AWS, which does not need a file.
func controls(folder, kind, full string, documents []Document, s style) map[string]string {
	files, entries := map[string]string{}, list{}
	summary := func(id, name string) object {
		return object{{"Id", id}, {"Arn", "arn:aws:organizations::" + accountA + ":policy/" + id}, {"Name", name}, {"Description", ""}, {"Type", kind}, {"AwsManaged", id == full}}
	}
	for _, d := range documents {
		id := "p-" + d.Name
		entries = append(entries, summary(id, d.Name))
		files[folder+id+".json"] = s.write(object{{"Policy", object{{"PolicySummary", summary(id, d.Name)}, {"Content", d.Text}}}})
	}
	if len(entries) == 0 {
		return nil
	}
	files[folder+"policies.json"] = s.write(object{{"Policies", entries}})
	return files
}

// output returns the output of aws iam get-account-authorization-details.
func (a *Account) output() object {
	of := func(entities []*Entity) (entries list) {
		entries = list{}
		for _, e := range entities {
			entries = append(entries, e.output())
		}
		return entries
	}
	policies := list{}
	for _, m := range a.Policies {
		policies = append(policies, m.output())
	}
	return object{
		{"UserDetailList", of(a.Users)}, {"GroupDetailList", of(a.Groups)}, {"RoleDetailList", of(a.Roles)},
		{"Policies", policies}, {"IsTruncated", false},
	}
}

// output returns an entry of one of the three lists. Inline policies, the boundary and a user's
// tags are omitted if they are empty.
func (e *Entity) output() object {
	o := object{
		{"Path", e.Path}, {e.Kind + "Name", e.Name}, {e.Kind + "Id", e.ID}, {"Arn", e.ARN()},
		{"CreateDate", "2026-02-03T09:30:00+00:00"}, {"AttachedManagedPolicies", attachments(e.Attached)},
	}
	if inline := e.inline(); len(inline) > 0 || e.Kind != "User" {
		o = append(o, member{e.Kind + "PolicyList", inline})
	}
	if e.Boundary != nil {
		o = append(o, member{"PermissionsBoundary", object{{"PermissionsBoundaryType", "Policy"}, {"PermissionsBoundaryArn", e.Boundary.ARN()}}})
	}
	if len(e.Tags) > 0 {
		o = append(o, member{"Tags", tagList(e.Tags)})
	}
	switch e.Kind {
	case "User":
		groups := list{}
		for _, g := range e.Groups {
			groups = append(groups, g.Name)
		}
		o = append(o, member{"GroupList", groups})
	case "Role":
		o = append(o, member{"AssumeRolePolicyDocument", policy(e.Trust.Text)}, member{"InstanceProfileList", list{}}, member{"RoleLastUsed", object{}})
	}
	return o
}

func (e *Entity) inline() list {
	entries := list{}
	for _, d := range e.Inline {
		entries = append(entries, object{{"PolicyName", d.Name}, {"PolicyDocument", policy(d.Text)}})
	}
	return entries
}

func attachments(policies []*Managed) list {
	entries := list{}
	for _, m := range policies {
		entries = append(entries, object{{"PolicyName", m.Name}, {"PolicyArn", m.ARN()}})
	}
	return entries
}

func tagList(tags []Tag) list {
	entries := list{}
	for _, tag := range tags {
		entries = append(entries, object{{"Key", tag.Key}, {"Value", tag.Value}})
	}
	return entries
}

// output returns an entry of Policies. The newest version is first.
func (m *Managed) output() object {
	versions := list{}
	for i := len(m.Versions) - 1; i >= 0; i-- {
		versions = append(versions, object{
			{"Document", policy(m.Versions[i].Text)}, {"VersionId", fmt.Sprintf("v%d", i+3)},
			{"IsDefaultVersion", i == m.Default}, {"CreateDate", "2026-01-12T08:00:00+00:00"},
		})
	}
	return object{
		{"PolicyName", m.Name}, {"PolicyId", "ANPAQQQQQQQQQPUSH0008"}, {"Arn", m.ARN()}, {"Path", m.Path},
		{"DefaultVersionId", fmt.Sprintf("v%d", m.Default+3)}, {"AttachmentCount", 1}, {"PermissionsBoundaryUsageCount", 0},
		{"IsAttachable", true}, {"CreateDate", "2026-01-10T08:00:00+00:00"}, {"UpdateDate", "2026-01-12T08:00:00+00:00"},
		{"PolicyVersionList", versions},
	}
}

// outputs returns the outputs of commands of aws ecr, by path.
func (r *Registry) outputs(s style) map[string]string {
	files, place, repositories := map[string]string{}, r.place(), list{}
	if r.Policy != nil {
		files[place+"registry-policy.json"] = s.write(object{{"registryId", r.Account}, {"policyText", s.document(r.Policy.Text)}})
	}
	for _, repository := range r.Repositories {
		folder := place + "repositories/" + repository.Name + "/"
		repositories = append(repositories, object{
			{"repositoryArn", r.arn(repository.Name)}, {"registryId", r.Account}, {"repositoryName", repository.Name},
			{"repositoryUri", r.Account + ".dkr.ecr." + r.Region + ".amazonaws.com/" + repository.Name}, {"createdAt", 1772000000.5},
			{"imageTagMutability", "MUTABLE"}, {"imageScanningConfiguration", object{{"scanOnPush", false}}},
		})
		files[folder+"_tags.json"] = s.write(object{{"tags", tagList(repository.Tags)}})
		if repository.Policy != nil {
			text := style{}.write(policy(s.document(repository.Policy.Text)))
			files[folder+"_policy.json"] = s.write(object{{"registryId", r.Account}, {"repositoryName", repository.Name}, {"policyText", text}})
		}
	}
	files[place+"repositories.json"] = s.write(object{{"repositories", repositories}})
	return files
}

// place returns the folder of the registry.
func (r *Registry) place() string { return "accounts/" + r.Account + "/" + r.Region + "/" }
