package main

import (
	"io"
	"os"
	"path"
	"slices"

	"extauthz/decision"
	"extauthz/diag"
	"extauthz/policystore"
)

// maxInput is the largest input that readInput reads, in bytes.
const maxInput = 64 << 20

// openInput opens the file that the arguments name, or standard input if they are
// empty or the name is "-".
func openInput(in *invocation, files []string) (source string, from io.ReadCloser, err error) {
	if len(files) == 0 || files[0] == "-" {
		return "standard input", io.NopCloser(in.stdin), nil
	}
	from, err = os.Open(files[0])
	return files[0], from, err
}

// readInput reads a whole input.
func readInput(source string, from io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(from, maxInput+1))
	if err == nil && len(text) > maxInput {
		err = diag.Problemf("longer than %d MiB", maxInput>>20).WithRemedy("split the input")
	}
	if err != nil {
		return nil, inputErrorf("%s: %w", source, err)
	}
	return text, nil
}

// readNamed reads a file, or standard input if name is "-".
func readNamed(in *invocation, name string) (source string, text []byte, err error) {
	source, from, err := openInput(in, []string{name})
	if err != nil {
		return source, nil, inputError{err}
	}
	defer from.Close()
	text, err = readInput(source, from)
	return source, text, err
}

// loadingPolicies is the progress of a command that loads a policy directory.
const loadingPolicies = "loading policies"

// loadPolicies compiles a policy directory for a command that evaluates a few requests.
// File names in its error are relative to the directory; see inDirectory.
func loadPolicies(in *invocation, dir string) (*policystore.Snapshot, error) {
	defer in.begin(loadingPolicies).end()
	return policystore.Load(dir, decision.Options{CacheSize: 1})
}

// loadDirectory is loadPolicies with an error for the user.
func loadDirectory(in *invocation, dir string) (*policystore.Snapshot, error) {
	snapshot, err := loadPolicies(in, dir)
	if err != nil {
		return nil, inputError{inDirectory(dir, err)}
	}
	return snapshot, nil
}

// inDirectory returns the diagnostics of an error about a policy directory. The names of
// their files include the directory.
func inDirectory(dir string, err error) error {
	list := slices.Clone(diag.Of(err))
	for i, d := range list {
		if d.File != "" {
			list[i].File = path.Join(dir, d.File)
		}
	}
	return list
}
