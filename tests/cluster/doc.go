// Package cluster runs the example for Kubernetes on a real API server and a real kubelet.
//
// `make cluster-test` builds Kubernetes once and runs the tests; `make test` does not. They need
// root, a Docker engine for the images of package images, and the programs etcd, containerd with
// runc, and ip, with the network plugins of CNI. On Debian these are the packages etcd-server,
// containerd, iproute2 and containernetworking-plugins.
//
// The tests log what they measure. The README of examples/kubernetes has the last result.
//
// The programs of the node run in namespaces of their own: a network with the fixed addresses of
// this package, processes that end with the test, and mounts in which /run, /var/lib and /var/log
// are temporary folders. What a kubelet changes outside of these, kernel settings and control
// groups, is put back afterwards.
//
// There is no scheduler, no kube-proxy and no DNS server: pods name their node, and clients know
// the address of the registry's pod.
package cluster
