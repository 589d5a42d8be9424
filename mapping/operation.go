package mapping

import "slices"

// Operation is what a request does to a registry, in the terms of the OCI Distribution
// Specification. No mapping has the zero Operation.
type Operation uint8

// The operations, with the numbers of the specification's endpoints. The table
// operations describes each of them.
const (
	Unsupported      Operation = iota
	CheckAPI                   // end-1
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

// A description contains everything that differs between operations.
type description struct {
	name     string
	methods  []string // in upper case, as clients must send them
	endpoint endpoint

	on          resource // what the actions are on
	actions     []string // that are needed
	alternative string   // an action that suffices if the only one of actions is denied implicitly
	bodyAction  string   // needed first, unless the request declares that it has no body
	sourceRead  string   // the optional action on the source of a mount
	reads       bool     // the repository: below a pull-through prefix this imports it
	creates     bool     // the repository, if it is missing

	scope  string // the actions that a token must grant on the repository
	image  bool   // the reference and the tags identify images
	upload bool   // of a layer, or the start of one
	form   bool   // a form in the body could change what the request does
}

// resource is what the actions of an operation are on.
type resource uint8

const (
	noResource      resource = iota // "*"
	allRepositories                 // an ARN with * as the repository: only a pattern for every repository matches it
	oneRepository                   // the repository in the path
)

// Scopes of tokens (Distribution, "Token Scope Documentation").
const (
	scopePull   = "pull"
	scopePush   = "pull,push"
	scopeDelete = "delete"
)

// operations describes each operation. Operations that share method and endpoint are
// distinguished by their query, see checkQuery; method and endpoint alone mean the first
// of them.
//
// Go reads forms of every method, and registries written in it read mount, from, digest,
// tag and the state of an upload from a form too.
var operations = [...]description{
	Unsupported: {name: "Unsupported"},
	CheckAPI:    {name: "CheckAPI", methods: []string{"GET", "HEAD"}, endpoint: endpointBase, actions: []string{GetAuthorizationToken}},
	Catalog:     {name: "Catalog", methods: []string{"GET"}, endpoint: endpointCatalog, on: allRepositories, actions: []string{describeRepositories}},

	HeadBlob: { // a caller that may read a layer may learn that it exists
		name: "HeadBlob", methods: []string{"HEAD"}, endpoint: endpointBlob,
		on: oneRepository, actions: []string{batchCheckLayerAvailability}, alternative: getDownloadURLForLayer, reads: true, scope: scopePull,
	},
	GetBlob: {
		name: "GetBlob", methods: []string{"GET"}, endpoint: endpointBlob,
		on: oneRepository, actions: []string{getDownloadURLForLayer}, reads: true, scope: scopePull,
	},
	DeleteBlob: {
		name: "DeleteBlob", methods: []string{"DELETE"}, endpoint: endpointBlob,
		on: oneRepository, actions: []string{batchDeleteImage}, scope: scopeDelete,
	},

	HeadManifest: {
		name: "HeadManifest", methods: []string{"HEAD"}, endpoint: endpointManifest,
		on: oneRepository, actions: []string{BatchGetImage}, reads: true, scope: scopePull, image: true,
	},
	GetManifest: {
		name: "GetManifest", methods: []string{"GET"}, endpoint: endpointManifest,
		on: oneRepository, actions: []string{BatchGetImage}, reads: true, scope: scopePull, image: true,
	},
	PutManifest: { // an empty index creates a repository without any upload
		name: "PutManifest", methods: []string{"PUT"}, endpoint: endpointManifest,
		on: oneRepository, actions: []string{putImage}, creates: true, scope: scopePush, image: true, form: true,
	},
	DeleteManifest: {
		name: "DeleteManifest", methods: []string{"DELETE"}, endpoint: endpointManifest,
		on: oneRepository, actions: []string{batchDeleteImage}, scope: scopeDelete, image: true,
	},
	ListTags: {
		name: "ListTags", methods: []string{"GET"}, endpoint: endpointTags,
		on: oneRepository, actions: []string{listImages}, reads: true, scope: scopePull,
	},
	ListReferrers: {
		name: "ListReferrers", methods: []string{"GET"}, endpoint: endpointReferrers,
		on: oneRepository, actions: []string{BatchGetImage}, reads: true, scope: scopePull, image: true,
	},

	StartUpload: {
		name: "StartUpload", methods: []string{"POST"}, endpoint: endpointUploads,
		on: oneRepository, actions: []string{initiateLayerUpload}, creates: true, scope: scopePush, upload: true, form: true,
	},
	MonolithicUpload: { // one request instead of three
		name: "MonolithicUpload", methods: []string{"POST"}, endpoint: endpointUploads,
		on: oneRepository, actions: []string{initiateLayerUpload, uploadLayerPart, completeLayerUpload}, creates: true, scope: scopePush, upload: true, form: true,
	},
	MountBlob: { // the layer becomes readable here, so it must be readable in the source
		name: "MountBlob", methods: []string{"POST"}, endpoint: endpointUploads,
		on: oneRepository, actions: []string{initiateLayerUpload}, sourceRead: getDownloadURLForLayer, creates: true, scope: scopePush, upload: true, form: true,
	},
	UploadChunk: {
		name: "UploadChunk", methods: []string{"PATCH"}, endpoint: endpointUpload,
		on: oneRepository, actions: []string{uploadLayerPart}, creates: true, scope: scopePush, upload: true, form: true,
	},
	CompleteUpload: { // the body may be the last part
		name: "CompleteUpload", methods: []string{"PUT"}, endpoint: endpointUpload,
		on: oneRepository, actions: []string{completeLayerUpload}, bodyAction: uploadLayerPart, creates: true, scope: scopePush, upload: true, form: true,
	},
	UploadStatus: { // ECR documents no action: this is the one by which the upload continues
		name: "UploadStatus", methods: []string{"GET"}, endpoint: endpointUpload,
		on: oneRepository, actions: []string{uploadLayerPart}, creates: true, scope: scopePush, form: true,
	},
	CancelUpload: { // as UploadStatus
		name: "CancelUpload", methods: []string{"DELETE"}, endpoint: endpointUpload,
		on: oneRepository, actions: []string{uploadLayerPart}, creates: true, scope: scopePush, form: true,
	},
}

// describe returns the description of an operation.
func (o Operation) describe() *description {
	if int(o) >= len(operations) {
		return &operations[Unsupported]
	}
	return &operations[o]
}

// String returns the name of the constant, such as GetManifest.
func (o Operation) String() string { return o.describe().name }

// HasImage reports whether the reference and the tags of a mapping identify images.
func (o Operation) HasImage() bool { return o.describe().image }

// operation returns what a method does at an endpoint, Unsupported if nothing.
func (e endpoint) operation(method string) Operation {
	for o := range operations {
		if operations[o].endpoint == e && slices.Contains(operations[o].methods, method) {
			return Operation(o)
		}
	}
	return Unsupported
}
