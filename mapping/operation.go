package mapping

// Operation is what a request does to a registry, in the words of the OCI
// Distribution Specification. The zero Operation is none: no mapping has it.
type Operation uint8

// The operations. The numbers are those of the specification's endpoints.
const (
	Unsupported      Operation = iota
	CheckAPI                   // end-1: is this a registry, and who am I to it
	HeadBlob                   // end-2
	GetBlob                    // end-2
	HeadManifest               // end-3
	GetManifest                // end-3
	StartUpload                // end-4a; end-4c (1.2 draft): with digest-algorithm
	MonolithicUpload           // end-4b: a whole blob in one POST
	MountBlob                  // end-11: a blob of another repository
	UploadChunk                // end-5
	CompleteUpload             // end-6
	UploadStatus               // end-13
	CancelUpload               // end-14 (1.2 draft)
	PutManifest                // end-7a; end-7b (1.2 draft): with tags in the query
	DeleteManifest             // end-9
	DeleteBlob                 // end-10
	ListTags                   // end-8
	ListReferrers              // end-12
	Catalog                    // Docker's list of repositories
)

// String gives the operation's name as written here, such as GetManifest.
func (o Operation) String() string {
	names := [...]string{
		"Unsupported", "CheckAPI", "HeadBlob", "GetBlob", "HeadManifest", "GetManifest",
		"StartUpload", "MonolithicUpload", "MountBlob", "UploadChunk", "CompleteUpload",
		"UploadStatus", "CancelUpload", "PutManifest", "DeleteManifest", "DeleteBlob",
		"ListTags", "ListReferrers", "Catalog",
	}
	if int(o) >= len(names) {
		return names[Unsupported]
	}
	return names[o]
}

// operation says what a method does at an endpoint. Methods count as written:
// "get" is none.
func (e endpoint) operation(method string) Operation {
	switch method + " " + string(e) {
	case "GET base", "HEAD base":
		return CheckAPI
	case "GET catalog":
		return Catalog
	case "HEAD blob":
		return HeadBlob
	case "GET blob":
		return GetBlob
	case "DELETE blob":
		return DeleteBlob
	case "HEAD manifest":
		return HeadManifest
	case "GET manifest":
		return GetManifest
	case "PUT manifest":
		return PutManifest
	case "DELETE manifest":
		return DeleteManifest
	case "GET tags":
		return ListTags
	case "GET referrers":
		return ListReferrers
	case "POST uploads":
		return StartUpload
	case "GET upload":
		return UploadStatus
	case "PATCH upload":
		return UploadChunk
	case "PUT upload":
		return CompleteUpload
	case "DELETE upload":
		return CancelUpload
	}
	return Unsupported
}

// formDecides says whether a form in the body of a request could change what the
// operation does. Go reads forms of every method, and registries written in it
// take mount, from, digest, tag and an upload's state from there too.
func (o Operation) formDecides() bool {
	return o.isUpload() || o == UploadStatus || o == CancelUpload || o == PutManifest
}

// isUpload says whether the operation moves a layer into the registry or
// prepares to.
func (o Operation) isUpload() bool {
	switch o {
	case StartUpload, MonolithicUpload, MountBlob, UploadChunk, CompleteUpload:
		return true
	case Unsupported, CheckAPI, HeadBlob, GetBlob, HeadManifest, GetManifest, UploadStatus, CancelUpload, PutManifest,
		DeleteManifest, DeleteBlob, ListTags, ListReferrers, Catalog:
	}
	return false
}
