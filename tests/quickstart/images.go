package main

import (
	"context"
	"fmt"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/crane"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// pushImages pushes one small image to each repository through Envoy, as
// alice, who may.
func pushImages(ctx context.Context, address string) error {
	alice := remote.WithAuth(&authn.Basic{Username: "alice", Password: "alice-secret"})
	for _, repository := range []string{"team/app", "secret/app"} {
		image, err := crane.Image(map[string][]byte{"repository": []byte(repository + "\n")})
		if err != nil {
			return err
		}
		tag, err := name.NewTag(address+"/"+repository+":v1", name.Insecure)
		if err != nil {
			return err
		}
		if err := remote.Write(tag, image, alice, remote.WithContext(ctx)); err != nil {
			return fmt.Errorf("pushing %s: %w", tag, err)
		}
	}
	return nil
}
