package images

import (
	"context"
	"path/filepath"

	"extauthz/tests/checkout"
)

// The release of the registry, which is also that of its module in go.mod.
const (
	registryVersion = "3.1.2"
	registryImage   = "distribution/distribution:" + registryVersion
)

func (e *engine) registry(ctx context.Context) (string, error) {
	return e.official(ctx, registryImage, func() (*recipe, error) { return e.registryRecipe(ctx) })
}

// registryRecipe describes an image of the registry's own command, with its default configuration.
func (e *engine) registryRecipe(ctx context.Context) (*recipe, error) {
	program, err := e.compile(ctx, checkout.Tests(), "./registry", "registry", []string{"-ldflags=-s -w"}, nil)
	if err != nil {
		return nil, err
	}
	files := []Place{
		{program, "bin/registry"},
		{filepath.Join(checkout.Tests(), "images", "registry.yml"), "etc/distribution/config.yml"},
		{To: "var/lib/registry"},
		{To: "tmp"},
	}
	return newRecipe("registry", registryVersion, files,
		"ENV PATH=/bin", "ENV OTEL_TRACES_EXPORTER=none", "VOLUME /var/lib/registry", "EXPOSE 5000",
		`ENTRYPOINT ["registry"]`, `CMD ["serve", "/etc/distribution/config.yml"]`)
}
