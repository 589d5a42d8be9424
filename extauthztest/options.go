package extauthztest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/testcontainers/testcontainers-go"
)

// The images that are used without an option and without a variable.
const (
	DefaultEnvoyImage    = "envoyproxy/envoy:v1.40.0"
	DefaultRegistryImage = "distribution/distribution:3.1.2"
)

// options is what Run starts.
type options struct {
	envoyImage, registryImage string
	envoyConfig               []byte
	policies                  fs.FS
	users                     []user
	registryName              string
	hosts                     []string // by which clients reach Envoy
	arguments                 []string
	envoyOptions              []testcontainers.ContainerCustomizer
}

// An Option changes what Run starts. Run also accepts the options of testcontainers, which apply to
// the container of extauthz.
type Option func(*options) error

var _ testcontainers.ContainerCustomizer = Option(nil)

// Customize does nothing. It makes an Option a testcontainers.ContainerCustomizer.
func (Option) Customize(*testcontainers.GenericContainerRequest) error { return nil }

// WithPolicies has extauthz decide by this policy directory, such as os.DirFS("policies"). Run
// copies its files.
func WithPolicies(directory fs.FS) Option {
	return func(o *options) error {
		if directory == nil {
			return errors.New("WithPolicies: the directory is nil")
		}
		o.policies = directory
		return nil
	}
}

// WithUser adds a user with a password to the policy directory, or replaces the password of one. The
// file principals.yaml of the directory must name the user's principal.
func WithUser(name, password string) Option {
	return func(o *options) error {
		u, err := newUser(name, password)
		o.users = append(o.users, u)
		return err
	}
}

// WithRegistryName chooses a registry of the policy directory by its name in registries.yaml. It is
// required if the directory has several.
func WithRegistryName(name string) Option {
	return func(o *options) error {
		o.registryName = name
		return nil
	}
}

// WithEnvoyImage runs another image of Envoy. It must run "envoy -c FILE".
func WithEnvoyImage(name string) Option {
	return func(o *options) error {
		o.envoyImage = name
		return nil
	}
}

// WithRegistryImage runs another image of the registry. It must listen at port 5000 of all
// addresses.
func WithRegistryImage(name string) Option {
	return func(o *options) error {
		o.registryImage = name
		return nil
	}
}

// WithEnvoyConfig replaces the configuration of Envoy. On the network the containers have the names
// envoy, extauthz (port 9191) and registry (port 5000). Envoy must listen at port 8080 of all
// addresses. Unless [WithEnvoyOptions] has another wait strategy, it must answer a request for /v2/
// without a credential with status 200 or 401.
func WithEnvoyConfig(config []byte) Option {
	return func(o *options) error {
		o.envoyConfig = config
		return nil
	}
}

// WithArguments adds flags of extauthz serve.
func WithArguments(arguments ...string) Option {
	return func(o *options) error {
		o.arguments = append(o.arguments, arguments...)
		return nil
	}
}

// WithEnvoyOptions passes options of testcontainers to the container of Envoy, such as mounts, or a
// wait strategy for a configuration that does not answer HTTP requests.
func WithEnvoyOptions(opts ...testcontainers.ContainerCustomizer) Option {
	return func(o *options) error {
		o.envoyOptions = append(o.envoyOptions, opts...)
		return nil
	}
}

// newOptions applies those of opts that are of this package, and returns the others.
func newOptions(opts []testcontainers.ContainerCustomizer) (*options, []testcontainers.ContainerCustomizer, error) {
	o := &options{
		envoyImage:    fromEnvironment("ENVOY_IMAGE", DefaultEnvoyImage),
		registryImage: fromEnvironment("REGISTRY_IMAGE", DefaultRegistryImage),
	}
	var others []testcontainers.ContainerCustomizer
	for _, opt := range opts {
		own, ok := opt.(Option)
		if !ok {
			others = append(others, opt)
			continue
		}
		if err := own(o); err != nil {
			return nil, nil, fmt.Errorf("extauthztest: %w", err)
		}
	}
	return o, others, o.complete()
}

// complete sets what the options left out.
func (o *options) complete() error {
	if o.policies == nil {
		if err := o.useDefaultPolicies(); err != nil {
			return err
		}
	}
	if o.registryName == "" {
		name, err := onlyRegistry(o.policies)
		if err != nil {
			return err
		}
		o.registryName = name
	}
	if o.envoyConfig == nil {
		o.envoyConfig = defaultEnvoyConfig(o.registryName)
	}
	return nil
}

func fromEnvironment(variable, otherwise string) string {
	if value := os.Getenv(variable); value != "" {
		return value
	}
	return otherwise
}
