// Command registry is the registry behind Envoy in the quickstart and in the tests: the CNCF
// Distribution registry with its filesystem driver. Manifests can be deleted, and upload
// locations are relative, so that clients follow them through Envoy.
//
// Usage: registry ADDRESS DIRECTORY
//
// It runs until SIGTERM or SIGINT, finishes the requests in progress and exits with code 0.
//
// With serve and the other arguments of the CNCF Distribution's own command, it is that command,
// with only the storage drivers filesystem and inmemory, and htpasswd and token as authentication: so it runs in the place of that command's
// image.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/distribution/distribution/v3/configuration"
	"github.com/distribution/distribution/v3/registry"
	_ "github.com/distribution/distribution/v3/registry/auth/htpasswd"
	_ "github.com/distribution/distribution/v3/registry/auth/token"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/filesystem"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/inmemory"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == registry.ServeCmd.Name() {
		if registry.RootCmd.Execute() != nil {
			os.Exit(1)
		}
		return
	}
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: registry ADDRESS DIRECTORY")
		os.Exit(2)
	}
	if err := serve(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "registry:", err)
		os.Exit(1)
	}
}

// serve runs the registry at address with the images in dir until a signal.
func serve(address, dir string) error {
	if err := os.Setenv("OTEL_TRACES_EXPORTER", "none"); err != nil { // the default connects to a collector
		return err
	}
	r, err := registry.NewRegistry(context.Background(), settings(address, dir))
	if err != nil {
		return err
	}
	return r.ListenAndServe()
}

// settings returns the configuration of the registry.
func settings(address, dir string) *configuration.Configuration {
	c := &configuration.Configuration{
		Version: configuration.MajorMinorVersion(0, 1),
		Storage: configuration.Storage{
			"filesystem": {"rootdirectory": dir},
			"delete":     {"enabled": true},
		},
	}
	c.Log.Level = "error"
	c.Log.AccessLog.Disabled = true
	c.HTTP.Addr = address
	c.HTTP.RelativeURLs = true
	c.HTTP.DrainTimeout = 2 * time.Second
	c.HTTP.Secret = "one process signs and reads its upload state"
	c.Catalog.MaxEntries = 1000
	c.Validation.Manifests.URLs.Allow = []string{".*"}
	return c
}
