package images

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// lock waits until no other process of this user makes images, so that none is made twice.
func lock() (unlock func(), err error) {
	name := filepath.Join(os.TempDir(), fmt.Sprintf("extauthz-images-%d.lock", os.Getuid()))
	file, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		file.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return func() { file.Close() }, nil
}
