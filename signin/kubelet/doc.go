// Package kubelet answers a kubelet that needs a credential to pull an image, as a credential
// provider plugin (Kubernetes, "Configure a kubelet image credential provider",
// credentialprovider.kubelet.k8s.io/v1). The kubelet sends a token of the pod's service
// account, which is exchanged for a session token.
package kubelet
