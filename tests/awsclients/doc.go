// Package awsclients lets AWS's own clients sign in, push and pull through Envoy: aws, the SDK for
// Python with a web identity, docker-credential-ecr-login, and the kubelet's
// ecr-credential-provider. They run with the example for callers who sign in.
//
// Building the two helpers and fetching the Python packages takes long. Where not everything is
// wanted, the tests leave that to .ci/run.
package awsclients
