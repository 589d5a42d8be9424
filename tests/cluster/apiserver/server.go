package apiserver

import (
	"errors"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"extauthz/tests/certs"
	"extauthz/tests/checkout"
	"extauthz/tests/daemon"
)

// issuer is the issuer of the tokens of service accounts, as in most clusters.
const issuer = "https://kubernetes.default.svc.cluster.local"

// A Server is a running API server.
type Server struct {
	URL        string // https://HOST:PORT
	Dir        string // a temporary folder with ca.crt, the authority of clients and servers
	Kubeconfig string // path of the administrator's kubeconfig

	authority *certs.Authority
}

// Program returns the path of a program of Kubernetes, such as kubectl.
func Program(name string) string { return filepath.Join(checkout.Cache(), "kubernetes", name) }

// Start starts etcd and an API server, which end with the test.
func Start(t testing.TB) *Server {
	t.Helper()
	addresses := free(t, 3)
	authority, err := certs.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{URL: "https://" + addresses[0], Dir: t.TempDir(), authority: authority}
	s.writeCertificates(t)
	s.Kubeconfig = s.WriteKubeconfig(t, "admin", "system:masters")

	etcd := "http://" + addresses[1]
	daemon.Start(t, daemon.OK(http.DefaultClient, etcd+"/health"), onPath(t, "etcd"),
		"--data-dir="+t.TempDir(), "--listen-client-urls="+etcd, "--advertise-client-urls="+etcd,
		"--listen-peer-urls=http://"+addresses[2], "--initial-advertise-peer-urls=http://"+addresses[2],
		"--initial-cluster=default=http://"+addresses[2],
		"--unsafe-no-fsync") // the data is not needed after the test
	daemon.Start(t, daemon.OK(s.client(t), s.URL+"/readyz"), append([]string{Program("kube-apiserver")}, s.flags(etcd)...)...)
	return s
}

// flags returns the arguments of the API server.
func (s *Server) flags(etcd string) []string {
	host, port, _ := net.SplitHostPort(strings.TrimPrefix(s.URL, "https://"))
	file := func(name string) string { return filepath.Join(s.Dir, name) }
	return []string{
		"--etcd-servers=" + etcd,
		"--bind-address=" + host, "--secure-port=" + port,
		"--tls-cert-file=" + file("server.crt"), "--tls-private-key-file=" + file("server.key"),
		"--client-ca-file=" + file("ca.crt"),
		"--authorization-mode=Node,RBAC",
		"--service-account-issuer=" + issuer,
		"--service-account-key-file=" + file("service-accounts.crt"), "--service-account-signing-key-file=" + file("service-accounts.key"),
		"--service-cluster-ip-range=10.0.0.0/24",
		// Pods do not use the Service of the API server, and it may listen on loopback only.
		"--advertise-address=192.0.2.1", "--endpoint-reconciler-type=none",
		// The client of a kubelet.
		"--kubelet-client-certificate=" + file("admin.crt"), "--kubelet-client-key=" + file("admin.key"),
		"--kubelet-certificate-authority=" + file("ca.crt"), "--kubelet-preferred-address-types=InternalIP",
	}
}

// onPath returns the path of a program, and fails the test if there is none.
func onPath(t testing.TB, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if errors.Is(err, exec.ErrNotFound) {
		t.Fatalf("%v: install it (etcd is the package etcd-server of Debian)", err)
	}
	return path
}

// free returns n loopback addresses at which no program listens.
func free(t testing.TB, n int) (addresses []string) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		addresses = append(addresses, l.Addr().String())
	}
	return addresses
}
