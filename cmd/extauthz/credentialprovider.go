package main

import (
	"context"
	"flag"

	"extauthz/diag"
	"extauthz/signin/kubelet"
)

func credentialProviderUsage() command {
	return command{
		name: "credential-provider", summary: "answer a kubelet that pulls an image, with a session token",
		usage:   []string{"--registry HOST"},
		example: "--registry registry.example.com",
		flags:   new(credentialProviderCommand).declare, run: credentialProvider,
	}
}

// credentialProviderCommand contains the flags of credential-provider.
type credentialProviderCommand struct {
	signInFlags
	registries []string
}

// declare adds the flags of credential-provider. Parsing them sets c.
func (c *credentialProviderCommand) declare(flags *flag.FlagSet) {
	c.signInFlags.declare(flags)
	flags.Func("registry", "`HOST` of the registry, with its port if images have one; may be repeated; tokens are sent to no other host", repeated(&c.registries))
}

// credentialProvider answers one request of a kubelet on standard input.
func credentialProvider(in *invocation) error {
	c := new(credentialProviderCommand)
	if err := in.parseFlags(c); err != nil {
		return err
	}
	if len(c.registries) == 0 {
		return inputError{diag.Problemf("--registry is missing").WithRemedy("give the host of the registry")}
	}
	p := kubelet.Provider{Registries: c.registries, URL: c.url, Service: c.service, User: c.user()}
	return p.Answer(context.Background(), in.stdin, in.stdout)
}
