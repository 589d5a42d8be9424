package main

import (
	"strings"
	"testing"
	"testing/fstest"

	_ "extauthz/goldentest" // accept -update
)

// TestSharedActions checks that the list has exactly the services with an action whose name,
// ignoring case, is that of an ECR action. UnTagResource is the spelling of Clean Rooms ML
// (Service Authorization Reference, "Actions, resources, and condition keys for AWS Clean
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
		t.Error("an empty folder is not an error")
	}
}
