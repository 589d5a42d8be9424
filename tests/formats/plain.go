package formats

import (
	"encoding/json"
	"fmt"
	"strings"
)

// plain is the world as documents in their places: every policy, inline or not, is
// a file of its own, and principals.yaml attaches them by name. A user has the
// policies of its groups.
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

// entry is the user or role in principals.yaml; its documents go into files.
func (e *Entity) entry(files map[string]string) object {
	policies, tags := list{}, object{}
	for _, d := range e.documents() {
		files["managed/"+d.Name+".json"] = d.Text
		policies = append(policies, d.Name)
	}
	for _, tag := range e.Tags {
		if !strings.HasPrefix(tag.Key, "aws:") { // which only AWS sets, and no policy here asks for
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

// documents are the registry's policies and tags by themselves, and its inventory.
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
			panic(err) // strings can be written
		}
		files[folder+"_tags.json"] = string(text)
		if repository.Policy != nil {
			files[folder+"_policy.json"] = repository.Policy.Text
		}
	}
	inventory := r.place() + "repositories.json"
	files[inventory] = r.outputs(style{})[inventory]
}

// ours are the files that are the same in both forms, but for how a managed policy
// is referred to, and for principals. YAML is written as JSON, which it contains.
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

// entry is the caller's credential in principals.yaml.
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
