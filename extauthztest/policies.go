package extauthztest

import (
	"archive/tar"
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"go.yaml.in/yaml/v3"
)

//go:embed all:policies
var embedded embed.FS

// useDefaultPolicies has the options use the directory of this package, and its users, unless others
// have these names.
func (o *options) useDefaultPolicies() error {
	directory, err := fs.Sub(embedded, "policies")
	if err != nil {
		return err
	}
	o.policies = directory
	given := o.users
	o.users = nil
	for _, name := range []string{"alice", "bob"} {
		u, err := newUser(name, name+"-secret")
		if err != nil {
			return err
		}
		o.users = append(o.users, u)
	}
	for _, u := range given {
		o.users = replaceUser(o.users, u)
	}
	return nil
}

func replaceUser(users []user, u user) []user {
	for i := range users {
		if users[i].name == u.name {
			users[i] = u
			return users
		}
	}
	return append(users, u)
}

// onlyRegistry returns the name of the registry in registries.yaml.
func onlyRegistry(directory fs.FS) (string, error) {
	const file = "registries.yaml"
	text, err := fs.ReadFile(directory, file)
	if err != nil {
		return "", fmt.Errorf("extauthztest: the policy directory: %w", err)
	}
	var registries struct {
		Registries []struct{ Name string }
	}
	if err := yaml.Unmarshal(text, &registries); err != nil {
		return "", fmt.Errorf("extauthztest: %s: %w", file, err)
	}
	if n := len(registries.Registries); n != 1 {
		return "", fmt.Errorf("extauthztest: %s has %d registries; add the option WithRegistryName", file, n)
	}
	return registries.Registries[0].Name, nil
}

// Places in the container of extauthz. The link current names the folder with the policies in
// force, so that a change of many files is one change.
const (
	policyRoot = "etc/extauthz"
	policyLink = policyRoot + "/current"
)

// archive returns a tar archive with the files of a policy directory in a folder of their own, and
// the link that names it.
func archive(directory fs.FS, users []user, generation int) ([]byte, error) {
	var content bytes.Buffer
	out := tar.NewWriter(&content)
	folder := fmt.Sprintf("generation-%d", generation)
	for _, f := range []func() error{
		func() error { return addFolder(out, path.Join(policyRoot, folder)) },
		func() error { return addFiles(out, directory, path.Join(policyRoot, folder), users) },
		func() error {
			return out.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: policyLink, Linkname: folder, Mode: 0o777})
		},
		out.Close,
	} {
		if err := f(); err != nil {
			return nil, fmt.Errorf("extauthztest: reading the policy directory: %w", err)
		}
	}
	return content.Bytes(), nil
}

// addFiles adds every file of the directory below the folder, and htpasswd with the users.
func addFiles(out *tar.Writer, directory fs.FS, folder string, users []user) error {
	htpasswd, err := fs.ReadFile(directory, "htpasswd")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(users) > 0 {
		if err := addFile(out, path.Join(folder, "htpasswd"), []byte(addUsers(string(htpasswd), users))); err != nil {
			return err
		}
	}
	return fs.WalkDir(directory, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == ".", name == "htpasswd" && len(users) > 0:
			return nil
		case entry.IsDir():
			return addFolder(out, path.Join(folder, name))
		}
		text, err := fs.ReadFile(directory, name)
		if err != nil {
			return err
		}
		return addFile(out, path.Join(folder, name), text)
	})
}

func addFolder(out *tar.Writer, name string) error {
	return out.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: 0o755})
}

func addFile(out *tar.Writer, name string, text []byte) error {
	if err := out.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(text))}); err != nil {
		return err
	}
	_, err := out.Write(text)
	return err
}
