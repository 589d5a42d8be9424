//go:build !linux

package mesh

import (
	"fmt"
	"os"
)

// enterNamespace reports that there are no network namespaces here.
func enterNamespace() (inside bool, exit int) {
	fmt.Fprintln(os.Stderr, "the control planes run in a network namespace, which only Linux has")
	return false, 1
}
