package router

import (
	"context"
	"io"

	"github.com/distribution/distribution/v3"
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// trace is the registry's store. It claims to have every repository and object, stores
// nothing, and records every effect.
type trace struct {
	effects []Effect
	head    bool   // the request is HEAD: a blob that is served shows no bytes
	upload  string // the id of the upload to open next
}

var _ distribution.Namespace = (*trace)(nil)

func (t *trace) add(k Kind, repository, object string) {
	t.effects = append(t.effects, Effect{k, repository, object})
}

// Scope is everything.
func (t *trace) Scope() distribution.Scope { return distribution.GlobalScope }

// Repository opens a repository.
func (t *trace) Repository(_ context.Context, name reference.Named) (distribution.Repository, error) {
	t.add(Resolve, name.Name(), "")
	return &repository{t, name}, nil
}

// Repositories is the catalog.
func (t *trace) Repositories(context.Context, []string, string) (int, error) {
	t.add(Catalog, "", "")
	return 0, io.EOF
}

// Blobs is for the garbage collector, which does not run.
func (t *trace) Blobs() distribution.BlobEnumerator { return nil }

// BlobStatter is for the garbage collector, which does not run.
func (t *trace) BlobStatter() distribution.BlobStatter { return nil }

// repository is one of the store's.
type repository struct {
	*trace
	name reference.Named
}

var _ distribution.Repository = (*repository)(nil)

func (r *repository) saw(k Kind, object string) { r.add(k, r.name.Name(), object) }

// Named is its name.
func (r *repository) Named() reference.Named { return r.name }

// Blobs are its blobs.
func (r *repository) Blobs(context.Context) distribution.BlobStore { return &blobs{r} }

// Tags are its tags.
func (r *repository) Tags(context.Context) distribution.TagService { return &tags{r} }

// Manifests are its manifests.
func (r *repository) Manifests(context.Context, ...distribution.ManifestServiceOption) (distribution.ManifestService, error) {
	return &manifests{r}, nil
}

// manifests are those of a repository.
type manifests struct{ *repository }

// byTag is the digest of every tag.
const byTag digest.Digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func (m *manifests) Exists(_ context.Context, d digest.Digest) (bool, error) {
	m.saw(ReadManifest, d.String())
	return true, nil
}

func (m *manifests) Get(_ context.Context, d digest.Digest, options ...distribution.ManifestServiceOption) (distribution.Manifest, error) {
	object := d.String()
	if len(options) > 0 { // the tag has been found before
		object = ""
	}
	m.saw(ReadManifest, object)
	return nil, distribution.ErrManifestUnknownRevision{Name: m.name.Name(), Revision: d}
}

func (m *manifests) Put(_ context.Context, _ distribution.Manifest, _ ...distribution.ManifestServiceOption) (digest.Digest, error) {
	m.saw(PutManifest, "")
	return byTag, nil
}

func (m *manifests) Delete(_ context.Context, d digest.Digest) error {
	m.saw(DeleteManifest, d.String())
	return nil
}

// tags are those of a repository.
type tags struct{ *repository }

func (t *tags) Get(_ context.Context, tag string) (v1.Descriptor, error) {
	t.saw(ReadTag, tag)
	return v1.Descriptor{Digest: byTag}, nil
}

func (t *tags) Tag(_ context.Context, tag string, _ v1.Descriptor) error {
	t.saw(PutTag, tag)
	return nil
}

func (t *tags) Untag(_ context.Context, tag string) error {
	t.saw(DeleteTag, tag)
	return nil
}

func (t *tags) All(context.Context) ([]string, error) {
	t.saw(ListTags, "")
	return nil, nil
}

func (t *tags) List(context.Context, int, string) ([]string, error) {
	t.saw(ListTags, "")
	return nil, io.EOF
}

// Lookup finds the tags of a manifest that is being deleted: none here.
func (t *tags) Lookup(context.Context, v1.Descriptor) ([]string, error) { return nil, nil }
