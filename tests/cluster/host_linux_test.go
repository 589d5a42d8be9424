package cluster

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// settings are the kernel settings that a kubelet changes.
var settings = []string{"vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops", "kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes"}

// cgroup is the control group of the node's pods.
const cgroup = "/extauthz-cluster-test"

// keepHost creates the control group of the pods. The function that it returns removes it, and
// writes the kernel settings as they are now.
func keepHost() (restore func() error, err error) {
	before := map[string][]byte{}
	for _, name := range settings {
		if before[name], err = os.ReadFile(filepath.Join("/proc/sys", name)); err != nil {
			return nil, err
		}
	}
	groups, err := hierarchies()
	if err != nil {
		return nil, err
	}
	for _, group := range groups {
		if err := os.MkdirAll(group, 0o755); err != nil {
			return nil, fmt.Errorf("%w (it needs root)", err)
		}
	}
	return func() (err error) {
		for name, value := range before {
			err = errors.Join(err, os.WriteFile(filepath.Join("/proc/sys", name), value, 0))
		}
		for _, group := range groups {
			err = errors.Join(err, removeGroup(group))
		}
		return err
	}, nil
}

// hierarchies returns the folder of the pods' control group in each hierarchy.
func hierarchies() (groups []string, err error) {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(mounts)) {
		if fields := strings.Fields(line); fields[2] == "cgroup" || fields[2] == "cgroup2" {
			groups = append(groups, filepath.Join(fields[1], cgroup))
		}
	}
	if len(groups) == 0 {
		return nil, errors.New("no control groups are mounted")
	}
	return groups, nil
}

// removeGroup removes a control group with all below it. The kernel needs a moment after the last
// process has ended.
func removeGroup(group string) error {
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		var folders []string
		err := filepath.WalkDir(group, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.IsDir() {
				folders = append(folders, path)
			}
			return err
		})
		if errors.Is(err, fs.ErrNotExist) && len(folders) == 0 {
			return nil
		}
		for _, folder := range slices.Backward(folders) {
			err = errors.Join(err, os.Remove(folder))
		}
		if err == nil || time.Now().After(deadline) {
			return err
		}
	}
}
