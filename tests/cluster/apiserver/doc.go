// Package apiserver runs a Kubernetes API server with etcd for a test.
//
// The programs are kube-apiserver and kubectl of the module in the folder kubernetes next to this
// package, which `make cluster-test` builds once, and an etcd on PATH. They listen on loopback
// addresses. There is no controller manager, no scheduler and no node: what is created stays as it
// is. Certificates and service account tokens are real.
package apiserver
