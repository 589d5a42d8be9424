package conformance

import (
	"crypto/sha256"
	"fmt"
	"strings"
)

// The media types of the content.
const (
	octets      = "application/octet-stream"
	imageType   = "application/vnd.oci.image.manifest.v1+json"
	indexType   = "application/vnd.oci.image.index.v1+json"
	configType  = "application/vnd.oci.image.config.v1+json"
	layerType   = "application/vnd.oci.image.layer.v1.tar"
	anyArtifact = "application/vnd.example.sbom"
)

// The content: two blobs, an image of them, an artifact that refers to the image, an index, and the
// list of referrers of the image.
var (
	config   = `{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}`
	layer    = "a layer of two chunks, the second of which is this one"
	image    = fmt.Sprintf(`{"schemaVersion":2,"mediaType":%q,"config":%s,"layers":[%s]}`, imageType, descriptor(configType, config), descriptor(layerType, layer))
	artifact = fmt.Sprintf(`{"schemaVersion":2,"mediaType":%q,"artifactType":%q,"config":%s,"layers":[%s],"subject":%s}`,
		imageType, anyArtifact, descriptor(configType, config), descriptor(layerType, layer), descriptor(imageType, image))
	index     = fmt.Sprintf(`{"schemaVersion":2,"mediaType":%q,"manifests":[%s]}`, indexType, descriptor(imageType, image))
	referrers = fmt.Sprintf(`{"schemaVersion":2,"mediaType":%q,"manifests":[%s]}`, indexType, descriptor(imageType, artifact))
)

// digest returns the digest of a content.
func digest(content string) string {
	return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(content)))
}

// fallback returns the tag under which clients list the referrers of a content, if the registry
// does not.
func fallback(content string) string {
	return strings.Replace(digest(content), ":", "-", 1)
}

// descriptor returns the OCI descriptor of a content.
func descriptor(mediaType, content string) string {
	return fmt.Sprintf(`{"mediaType":%q,"digest":%q,"size":%d}`, mediaType, digest(content), len(content))
}

// missing is the digest of a content that is never sent.
var missing = digest("never sent")
