package directory

import (
	"strconv"
	"strings"
	"testing"
	"time"

	_ "extauthz/goldentest" // accept -update
)

// TestFolders holds that folders are counted as files are: each is watched.
func TestFolders(t *testing.T) {
	root := t.TempDir()
	l := &listing{root: root, name: root, layout: testLayout, begun: time.Now(), files: map[string]stamp{}, directories: map[string]directory{}}
	for i := range maxFiles {
		l.directories[strconv.Itoa(i)] = directory{}
	}
	size := int64(0)
	if err := l.walk(root, nil, &size); err == nil || !strings.Contains(err.Error(), "more than 100000 folders") {
		t.Errorf("error %v", err)
	}
}
