package main

import (
	"strings"
	"testing"
	"testing/fstest"

	_ "extauthz/goldentest" // accept -update
)

// The list has every service with an action that is called as one of ECR's, ignoring
// case, and nothing else. Cleanrooms ML spells UnTagResource so (Service
// Authorization Reference, "Actions, resources, and condition keys for AWS Clean
// Rooms ML").
func TestSharedActions(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	packed := fstest.MapFS{
		"package.json":                    file(`{"name": "the-data", "version": "1.2.3"}`),
		"data/actions/ecr.json":           file(`{"putimage": {"name": "PutImage"}, "untagresource": {"name": "UntagResource"}}`),
		"data/actions/ecr-public.json":    file(`{"putimage": {"name": "PutImage"}, "puttags": {"name": "PutTags"}}`),
		"data/actions/cleanrooms-ml.json": file(`{"untagresource": {"name": "UnTagResource"}}`),
		"data/actions/eks.json":           file(`{"untagresource": {"name": "UntagResource"}, "createcluster": {"name": "CreateCluster"}}`),
		"data/actions/s3.json":            file(`{"getobject": {"name": "GetObject"}}`),
	}
	got, err := sharedActions(packed)
	if err != nil {
		t.Fatal(err)
	}
	if want := "PutImage: ecr-public\nUntagResource: cleanrooms-ml eks\n"; !strings.HasSuffix(got, "do not edit.\n"+want) || !strings.Contains(got, "the-data 1.2.3") {
		t.Errorf("got %s want %s", got, want)
	}
	packed["data/actions/s3.json"] = file(`{`)
	if _, err := sharedActions(packed); err == nil || !strings.HasPrefix(err.Error(), "data/actions/s3.json: ") {
		t.Errorf("broken data: error %v", err)
	}
	if _, err := sharedActions(fstest.MapFS{}); err == nil {
		t.Error("an empty folder has a list")
	}
}
