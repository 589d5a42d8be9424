package formats

import (
	"encoding/json"
	"fmt"
	"strings"
)

// plain returns the world as documents: every policy, inline or not, is a file, and
// principals.yaml attaches them by name. A user has the policies of its groups.
func (w *World) plain() map[string]string {
	var principals list
	files := map[string]string{}
	for _, a := range w.Accounts {
		for _, m := range a.Policies {
			files["managed/"+m.inForce().Name+".json"] = m.inForce().Text
		}
		for _, e := range append(append([]*Entity(nil), a.Users...), a.Roles...) {
			principals = append(principals, e.entry(files))
		}
	}
	for path, text := range w.ours(func(m *Managed) string { return m.inForce().Name }, principals) {
		files[path] = text
	}
	for id, c := range w.ByID {
		for kind, documents := range map[string][]Document{"scp": c.SCPs, "rcp": c.RCPs} {
			for _, d := range documents {
				files["organization/"+kind+"/"+id+"/"+d.Name+".json"] = d.Text
			}
		}
	}
	for _, r := range w.Registries {
		r.documents(files)
	}
	return files
}

// entry returns the user or role in principals.yaml, and adds its documents to files.
func (e *Entity) entry(files map[string]string) object {
	policies, tags := list{}, object{}
	for _, d := range e.documents() {
		files["managed/"+d.Name+".json"] = d.Text
		policies = append(policies, d.Name)
	}
	for _, tag := range e.Tags {
		if !strings.HasPrefix(tag.Key, "aws:") { // only AWS sets those, and no policy here requires them
			tags = append(tags, member{tag.Key, tag.Value})
		}
	}
	o := object{{"arn", e.ARN()}, {"id", e.ID}, {"policies", policies}, {"tags", tags}}
	if e.Boundary != nil {
		o = append(o, member{"boundary", e.Boundary.inForce().Name})
	}
	if e.Trust != nil {
		files["trust/"+e.Trust.Name+".json"] = e.Trust.Text
		o = append(o, member{"trust", e.Trust.Name})
	}
	return o
}

// documents adds the policies and tags of the registry, and its inventory.
func (r *Registry) documents(files map[string]string) {
	if r.Policy != nil {
		files[r.place()+"registry-policy.json"] = r.Policy.Text
	}
	for _, repository := range r.Repositories {
		folder := r.place() + "repositories/" + repository.Name + "/"
		tags := map[string]string{}
		for _, tag := range repository.Tags {
			tags[tag.Key] = tag.Value
		}
		text, err := json.Marshal(tags)
		if err != nil {
			panic(err) // strings can be marshaled
		}
		files[folder+"_tags.json"] = string(text)
		if repository.Policy != nil {
			files[folder+"_policy.json"] = repository.Policy.Text
		}
	}
	inventory := r.place() + "repositories.json"
	files[inventory] = r.outputs(style{})[inventory]
}

// ours returns the files that both forms have. They differ only in the principals and in how they
// refer to managed policies. JSON is valid YAML.
func (w *World) ours(reference func(*Managed) string, principals list) map[string]string {
	yaml := func(v any) string { return style{}.write(v) }
	registries, credentials := list{}, list{}
	for i, r := range w.Registries {
		registries = append(registries, object{{"name", fmt.Sprintf("r%d", i)}, {"hosts", list{fmt.Sprintf("r%d.example.com", i)}}, {"account", r.Account}, {"region", r.Region}})
	}
	for _, c := range w.Callers {
		if c.Credential != "" {
			credentials = append(credentials, c.entry(reference))
		}
	}
	who := object{{"credentials", credentials}}
	if principals != nil {
		who = append(who, member{"principals", principals})
	}
	files := map[string]string{"registries.yaml": yaml(object{{"registries", registries}}), "principals.yaml": yaml(who)}
	if o := w.Organization; o != nil {
		files["organization.yaml"] = yaml(o.entry())
	}
	for kind, levels := range map[string][][]Document{"scp": w.SCPs, "rcp": w.RCPs} {
		for i, level := range levels {
			for _, d := range level {
				files[fmt.Sprintf("organization/%s/%d-level/%s.json", kind, i, d.Name)] = d.Text
			}
		}
	}
	return files
}

// entry returns the credential of the caller in principals.yaml.
func (c *Caller) entry(reference func(*Managed) string) object {
	o := object{{"header", c.Credential}, {"principal", c.Principal.ARN}}
	if c.Principal.UserARN != "" {
		o = append(o, member{"federatedBy", c.Principal.UserARN})
	}
	if len(c.Session) > 0 {
		var policies list
		for _, m := range c.Session {
			policies = append(policies, reference(m))
		}
		o = append(o, member{"sessionPolicies", policies})
	}
	if len(c.Tags) > 0 {
		o = append(o, member{"tags", object{{c.Tags[0].Key, c.Tags[0].Value}}})
	}
	return o
}

func (o *Organization) entry() object {
	accounts, outside := object{}, list{}
	for account, path := range o.Paths {
		accounts = append(accounts, member{account, path})
	}
	for _, account := range o.Outside {
		outside = append(outside, account)
	}
	file := object{{"id", "o-a1b2c3d4e5"}, {"accounts", accounts}, {"outside", outside}}
	if o.Management != "" {
		file = append(file, member{"managementAccount", o.Management})
	}
	return file
}
