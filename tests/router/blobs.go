package router

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/distribution/distribution/v3"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// blobs are those of a repository.
type blobs struct{ *repository }

func (b *blobs) Stat(_ context.Context, d digest.Digest) (v1.Descriptor, error) {
	b.saw(StatBlob, d.String())
	return v1.Descriptor{Digest: d}, nil
}

func (b *blobs) Get(_ context.Context, d digest.Digest) ([]byte, error) {
	b.saw(ReadBlob, d.String())
	return nil, distribution.ErrBlobUnknown
}

func (b *blobs) Open(_ context.Context, d digest.Digest) (io.ReadSeekCloser, error) {
	b.saw(ReadBlob, d.String())
	return nil, distribution.ErrBlobUnknown
}

// ServeBlob answers without the bytes where the method is HEAD.
func (b *blobs) ServeBlob(_ context.Context, _ http.ResponseWriter, _ *http.Request, d digest.Digest) error {
	if !b.head {
		b.saw(ReadBlob, d.String())
	}
	return nil
}

func (b *blobs) Delete(_ context.Context, d digest.Digest) error {
	b.saw(DeleteBlob, d.String())
	return nil
}

func (b *blobs) Put(context.Context, string, []byte) (v1.Descriptor, error) {
	b.saw(Commit, "")
	return v1.Descriptor{}, nil
}

// Create opens an upload, or mounts a blob of another repository.
func (b *blobs) Create(_ context.Context, options ...distribution.BlobCreateOption) (distribution.BlobWriter, error) {
	var o distribution.CreateOptions
	for _, option := range options {
		if err := option.Apply(&o); err != nil {
			return nil, err
		}
	}
	b.saw(StartUpload, "")
	if o.Mount.ShouldMount {
		b.add(Mount, o.Mount.From.Name(), o.Mount.From.Digest().String())
		return nil, distribution.ErrBlobMounted{From: o.Mount.From, Descriptor: v1.Descriptor{Digest: o.Mount.From.Digest()}}
	}
	return &upload{b.repository, b.upload, 0}, nil
}

// Resume takes up an upload.
func (b *blobs) Resume(_ context.Context, id string) (distribution.BlobWriter, error) {
	b.saw(Resume, id)
	return &upload{b.repository, id, 0}, nil
}

// upload is one that has been opened.
type upload struct {
	*repository
	id   string
	size int64
}

// Write counts. A body without a byte writes nothing.
func (u *upload) Write(p []byte) (int, error) {
	if len(p) > 0 {
		u.saw(Write, u.id)
	}
	u.size += int64(len(p))
	return len(p), nil
}

func (u *upload) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{u}, r)
}

func (u *upload) Close() error         { return nil }
func (u *upload) Size() int64          { return u.size }
func (u *upload) ID() string           { return u.id }
func (u *upload) StartedAt() time.Time { return time.Unix(0, 0) }

func (u *upload) Commit(_ context.Context, d v1.Descriptor) (v1.Descriptor, error) {
	u.saw(Commit, u.id)
	return d, nil
}

func (u *upload) Cancel(context.Context) error {
	u.saw(Cancel, u.id)
	return nil
}
