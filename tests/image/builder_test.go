package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"extauthz/tests/prerequisite"
)

// A builder is one of Docker's two builders, with a client that uses it.
type builder struct {
	name     string
	client   string // path
	buildKit string // the value of DOCKER_BUILDKIT
}

// olderBuilder returns the builder of engine 20.10, which newer clients still have.
func olderBuilder(t *testing.T, ctx context.Context) builder {
	t.Helper()
	return requireBuilder(t, ctx, "the older builder", "0")
}

// buildKit returns BuildKit. A client before release 23 has it; a later one needs the plugin buildx.
// What its cache did not have before the test is removed afterwards.
func buildKit(t *testing.T, ctx context.Context) builder {
	t.Helper()
	before := cached(t, ctx)
	t.Cleanup(func() {
		ctx := context.WithoutCancel(ctx)
		for left := -1; ; {
			added := slices.DeleteFunc(cached(t, ctx), func(id string) bool { return slices.Contains(before, id) })
			if len(added) == left || len(added) == 0 {
				return
			}
			left = len(added)
			for _, id := range slices.Backward(added) { // a part is removed after those that are made from it
				docker(t, ctx, "builder", "prune", "--all", "--force", "--filter=id="+id)
			}
		}
	})
	return requireBuilder(t, ctx, "BuildKit", "1")
}

// cached returns the parts of BuildKit's cache.
func cached(t *testing.T, ctx context.Context) []string {
	t.Helper()
	return strings.Fields(docker(t, ctx, "system", "df", "--verbose", "--format", "{{range .BuildCache}}{{.ID}} {{end}}"))
}

// requireBuilder returns a builder with the first client on PATH that can use it. It ends the test
// if there is none.
func requireBuilder(t *testing.T, ctx context.Context, name, buildKit string) builder {
	t.Helper()
	var faults []error
	for _, folder := range filepath.SplitList(os.Getenv("PATH")) {
		b := builder{name, filepath.Join(folder, "docker"), buildKit}
		if _, err := os.Stat(b.client); err != nil {
			continue
		}
		err := b.probe(t, ctx)
		if err == nil {
			return b
		}
		faults = append(faults, fmt.Errorf("%s: %w", b.client, err))
	}
	prerequisite.Check(t, fmt.Errorf("no client of Docker on PATH can use %s: %w", name, errors.Join(faults...)))
	return builder{}
}

// probe builds an image without files.
func (b builder) probe(t *testing.T, ctx context.Context) error {
	t.Helper()
	tag := unique("extauthz-test-probe")
	e, err := b.run(ctx, "FROM scratch\nLABEL probe="+tag+"\n", "build", "--tag="+tag, "-")
	if err != nil {
		return err
	}
	if e.code != 0 {
		return errors.New(strings.TrimSpace(e.stderr))
	}
	remove(t, "image", "rm", tag)
	return nil
}

// build builds an image of a folder with args, which must succeed, and returns its name.
func (b builder) build(t *testing.T, ctx context.Context, folder string, args ...string) string {
	t.Helper()
	tag := unique("extauthz-test")
	args = append([]string{"build", "--network=none", "--tag=" + tag}, append(args, folder)...)
	e, err := b.run(ctx, "", args...)
	if err != nil || e.code != 0 {
		t.Fatalf("%s: docker %s: exit code %d, %v\n%s%s", b.name, strings.Join(args, " "), e.code, err, e.stdout, e.stderr)
	}
	remove(t, "image", "rm", tag)
	return tag
}

// run runs the client of the builder.
func (b builder) run(ctx context.Context, stdin string, args ...string) (ended, error) {
	return runClient(ctx, b.client, []string{"DOCKER_BUILDKIT=" + b.buildKit}, strings.NewReader(stdin), args...)
}
