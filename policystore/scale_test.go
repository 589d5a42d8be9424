package policystore

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"extauthz/policystore/directory"
)

// The size of a large policy directory: repositories with a policy each, users
// with credentials, and the managed policies that they share.
const (
	largeRepositories = 10_000
	largePrincipals   = 10_000
	largeManaged      = 100
)

// large returns the content of a policy directory of that size.
func large() map[string]string {
	contents := map[string]string{
		"registries.yaml": "registries:\n- {name: large, hosts: [registry.example.com], account: \"123456789012\", region: eu-central-1}\n",
	}
	for i := range largeManaged {
		contents[fmt.Sprintf("managed/team-%d.json", i)] = fmt.Sprintf(`{"Version":"2012-10-17","Statement":[
 {"Effect":"Allow","Action":"ecr:GetAuthorizationToken","Resource":"*"},
 {"Effect":"Allow","Action":["ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"],"Resource":"arn:aws:ecr:*:123456789012:repository/team-%d/*"}]}`, i)
	}
	for i := range largeRepositories {
		contents[largePolicy(i)] = fmt.Sprintf(`{"Version":"2012-10-17","Statement":[
 {"Sid":"Pull","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/user-%d"},"Action":["ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"]},
 {"Sid":"NotFromOutside","Effect":"Deny","Principal":"*","Action":"ecr:PutImage","Condition":{"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}]}`, i)
	}
	var who strings.Builder
	who.WriteString("credentials:\n- {uri: \"spiffe://example.com/{name}\", principal: \"arn:aws:iam::123456789012:user/{name}\"}\nprincipals:\n")
	for i := range largePrincipals {
		fmt.Fprintf(&who, "- {arn: \"arn:aws:iam::123456789012:user/user-%d\", id: AIDA%016d, policies: [team-%d], tags: {team: \"%d\"}}\n", i, i, i%largeManaged, i%largeManaged)
	}
	contents["principals.yaml"] = who.String()
	return contents
}

// largePolicy returns the path of the i-th repository's policy.
func largePolicy(i int) string {
	return fmt.Sprintf("accounts/123456789012/eu-central-1/repositories/team-%d/app-%d/_policy.json", i%largeManaged, i)
}

// writeLarge writes the large directory.
func writeLarge(b *testing.B) string {
	dir := b.TempDir()
	for path, content := range large() {
		file := filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	return dir
}

// BenchmarkLoadLarge loads 10,000 repository policies and 10,000 principals, and
// reports how much memory the snapshot uses.
func BenchmarkLoadLarge(b *testing.B) {
	benchmarkLoad(b, writeLarge(b))
}

// benchmarkLoad loads a directory, and reports how much memory the snapshot uses.
func benchmarkLoad(b *testing.B, dir string) {
	b.ReportAllocs()
	var kept *Snapshot
	for b.Loop() {
		var err error
		if kept, err = Load(dir, options()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(heap(), "MiB-kept")
	runtime.KeepAlive(kept)
}

// BenchmarkReloadOneOfMany changes one policy of the large directory and reloads it, by
// reading everything, as polling does, and as after an event.
func BenchmarkReloadOneOfMany(b *testing.B) {
	dir := writeLarge(b)
	file := filepath.Join(dir, largePolicy(7))
	text, err := os.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	time.Sleep(directory.LongestTick)
	spaces := 0
	for name, reload := range map[string]func(*Store) error{"poll": (*Store).Reload, "event": (*Store).reloadChanged} {
		b.Run(name, func(b *testing.B) {
			store := New(Options{Dir: dir, Decision: options(), Poll: time.Minute})
			if err := store.Reload(); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				spaces++
				if err := os.WriteFile(file, append(text, strings.Repeat(" ", spaces)...), 0o644); err != nil {
					b.Fatal(err)
				}
				if err := reload(store); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(heap(), "MiB-kept")
			runtime.KeepAlive(store)
		})
	}
}

// heap returns how much memory is in use, in MiB.
func heap() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / (1 << 20)
}
