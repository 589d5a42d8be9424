// Package extauthztest starts a registry with extauthz in front of it in containers, so that a test
// can push and pull under the rules of IAM policies for ECR.
//
// [Run] starts three containers on a network of their own: Envoy, extauthz and the CNCF
// Distribution registry. A client that uses [Container.Address] as its registry is authenticated
// and authorized by the policy directory of the test:
//
//	c, err := extauthztest.Run(ctx, "extauthz:latest",
//		extauthztest.WithPolicies(os.DirFS("policies")),
//		extauthztest.WithUser("alice", "a-password"))
//	testcontainers.CleanupContainer(t, c)
//
// Without [WithPolicies], the directory policies of this package applies: alice may push to and
// pull from team/* and secret/*, bob may pull from team/*, and a repository policy denies secret/app to
// everyone except alice. The password of each is the name followed by -secret.
//
// Run changes two files of its copy of the directory: htpasswd has the users of [WithUser], and
// registries.yaml has further hosts, because a test uses another host than production does.
//
// The images of Envoy and of the registry are the official ones. Options choose others, and so do
// the environment variables ENVOY_IMAGE and REGISTRY_IMAGE, for a machine that has copies of them.
package extauthztest
