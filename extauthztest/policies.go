package extauthztest

import (
	"archive/tar"
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
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

// Places in the container of extauthz: a volume, and in it the link that names the folder with the
// policies in force, so that a change of many files is one change.
const (
	policyRoot = "/policies"
	policyLink = policyRoot + "/current"
)

// archive returns a tar archive for policyRoot: the files of a policy directory in a folder of their
// own, and the link that names it.
func (o *options) archive(directory fs.FS, generation int) ([]byte, error) {
	var content bytes.Buffer
	out := tar.NewWriter(&content)
	folder := fmt.Sprintf("generation-%d", generation)
	if err := errors.Join(
		addFolder(out, folder),
		o.addFiles(out, directory, folder),
		out.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: path.Base(policyLink), Linkname: folder, Mode: 0o777}),
		out.Close(),
	); err != nil {
		return nil, fmt.Errorf("extauthztest: reading the policy directory: %w", err)
	}
	return content.Bytes(), nil
}

// addFiles adds every file of the directory below the folder, those that the options change in their
// changed form.
func (o *options) addFiles(out *tar.Writer, directory fs.FS, folder string) error {
	changed, err := o.changed(directory)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(changed)) {
		if err := addFile(out, path.Join(folder, name), changed[name]); err != nil {
			return err
		}
	}
	return fs.WalkDir(directory, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == ".", changed[name] != nil:
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

// changed returns the files that the options change: htpasswd has the users, and registries.yaml the
// hosts of the test.
func (o *options) changed(directory fs.FS) (map[string][]byte, error) {
	files := map[string][]byte{}
	registries, err := fs.ReadFile(directory, registriesFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if with := addHosts(registries, o.registryName, o.hosts); with != nil {
		files[registriesFile] = with
	}
	if len(o.users) == 0 {
		return files, nil
	}
	htpasswd, err := fs.ReadFile(directory, "htpasswd")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	files["htpasswd"] = []byte(addUsers(string(htpasswd), o.users))
	return files, nil
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
