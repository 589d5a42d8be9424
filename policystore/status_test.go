package policystore

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"extauthz/policystore/directory"
)

// A turn is a source whose content the test replaces. It cannot be read without a tree.
type turn struct{ tree *directory.Tree }

func (s *turn) Read() (*directory.Tree, error) {
	if s.tree == nil {
		return nil, errors.New("gone")
	}
	return s.tree, nil
}

func (s *turn) ReadChanged() (*directory.Tree, error) { return s.Read() }

// TestStatusTimes checks when the content was last in force, when it last was not and why, also
// while it does not change.
func TestStatusTimes(t *testing.T) {
	good, faulty := directory.NewTree(treeTexts(small())), small()
	faulty["managed/pull.json"] = "{}"
	bad := directory.NewTree(treeTexts(faulty))
	synctest.Test(t, func(t *testing.T) {
		source := &turn{}
		s := New(Options{Source: source, Decision: options()})
		start := time.Now()
		for i, c := range []struct {
			name             string
			tree             *directory.Tree
			success, failure int // the step
			class            FailureClass
		}{
			{"the first load", good, 1, 0, ""},
			{"no change", good, 2, 0, ""},
			{"a fault", bad, 2, 3, Invalid},
			{"the same fault", bad, 2, 4, Invalid},
			{"the fault is fixed", good, 5, 4, Invalid},
			{"the directory is gone", nil, 5, 6, Unreadable},
			{"it is there again", good, 7, 6, Unreadable},
		} {
			time.Sleep(time.Minute)
			source.tree = c.tree
			_ = s.Reload() // the status has the error
			at := func(step int) (t time.Time) {
				if step > 0 {
					t = start.Add(time.Duration(step) * time.Minute)
				}
				return t
			}
			got := s.Status()
			if !got.LastSuccess.Equal(at(c.success)) || !got.LastFailure.Equal(at(c.failure)) || got.FailureClass != c.class || (got.LastError != nil) != (c.tree != good) {
				t.Errorf("step %d, %s: %+v", i+1, c.name, got)
			}
		}
	})
}

// treeTexts returns texts as bytes.
func treeTexts(contents map[string]string) map[string][]byte {
	all := map[string][]byte{}
	for path, text := range contents {
		all[path] = []byte(text)
	}
	return all
}
