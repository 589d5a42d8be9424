package denialmessage

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/json/v2"
	"sync"
	"time"

	"filippo.io/age"
)

// The form of the encrypted content: a version, the length of the compressed JSON in two bytes, the
// compressed JSON, and zeros up to contentSize.
const (
	contentSize    = 1024
	contentVersion = 1
	contentStart   = 3
)

// encoding is the encoding of a whole message as text.
var encoding = base64.RawURLEncoding

// An Encoder writes messages for recipients. It is safe for concurrent use.
type Encoder struct {
	recipients Recipients
	rate       rate

	mu         sync.Mutex // guards what follows
	compressor *flate.Writer
}

// NewEncoder returns an encoder for the recipients, of which there is at least one.
func NewEncoder(recipients Recipients) *Encoder { return &Encoder{recipients: recipients} }

// Admits reports whether another message may be written now, and counts it if so. A nil encoder
// admits none.
func (e *Encoder) Admits() bool { return e != nil && e.rate.take(time.Now()) }

// Encode returns a message as text: letters, digits, - and _. It has 1,632 bytes for one recipient
// and 131 more for each further one. If the message is too large, Encode cuts it in steps, until it
// fits: first long values of condition keys and all statements after the fourth, then most
// condition keys, then everything except the caller, action and resource. Truncated names the
// members that are cut, and text that is cut ends with an ellipsis.
//
// It returns "" only if the recipients cannot be encrypted to.
func (e *Encoder) Encode(m *Message) string {
	content := make([]byte, contentSize)
	if !e.fill(content, m) {
		return ""
	}
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, e.recipients...)
	if err != nil {
		return ""
	}
	if _, err = w.Write(content); err != nil || w.Close() != nil {
		return ""
	}
	return encoding.EncodeToString(sealed.Bytes())
}

// fill writes as much of the message as fits into content.
func (e *Encoder) fill(content []byte, m *Message) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, limits := range steps {
		text, err := json.Marshal(m.cut(limits))
		if err != nil {
			return false
		}
		var compressed bytes.Buffer
		e.compress(&compressed, text)
		if n := compressed.Len(); n <= contentSize-contentStart {
			content[0], content[1], content[2] = contentVersion, byte(n>>8), byte(n)
			copy(content[contentStart:], compressed.Bytes())
			return true
		}
	}
	return false
}

// compress compresses text. It never fails, because a buffer does not.
func (e *Encoder) compress(into *bytes.Buffer, text []byte) {
	if e.compressor == nil {
		e.compressor, _ = flate.NewWriterDict(into, flate.DefaultCompression, []byte(dictionary)) // the level is valid
	} else {
		e.compressor.Reset(into)
	}
	_, _ = e.compressor.Write(text)
	_ = e.compressor.Close()
}

// dictionary contains what many messages have in common. Messages of version 1 cannot be read with
// another one.
const dictionary = `oci:Referenceoci:ReferenceTypedigesttagaws:refereraws:SourceVpceaws:SourceVpcaws:VpcSourceIpaws:TokenIssueTime` +
	`aws:PrincipalOrgIDaws:PrincipalOrgPathsaws:ResourceOrgIDaws:ResourceOrgPathsaws:PrincipalTag/aws:RequestTag/aws:ResourceTag/ecr:ResourceTag/` +
	`aws:FederatedProvideraws:SourceArnaws:SourceAccountaws:PrincipalServiceNametoken.actions.githubusercontent.com:sub` +
	`service control policyresource control policypermissions boundarysession policyresource-based policy` +
	` with an explicit deny in an with an explicit deny in a organization/scp/managed/.json` +
	`ecr:GetAuthorizationTokenecr:BatchCheckLayerAvailabilityecr:GetDownloadUrlForLayerecr:BatchGetImageecr:ListImagesecr:DescribeRepositories` +
	`ecr:BatchDeleteImageecr:BatchImportUpstreamImageecr:CreateRepositoryecr:CompleteLayerUploadecr:UploadLayerPartecr:InitiateLayerUploadecr:PutImage` +
	`arn:aws:sts::assumed-role/arn:aws:iam::user/docker/ go/ git-commit/ kernel/ os/linux arch/amd64 UpstreamClient(Docker-Client/` +
	`{"allowed":false,"explicitDeny":true,"matchedStatements":{"items":[{"statementId":"","effect":"DENY","policyType":"resource-based policy","policy":"accounts/123456789012/eu-central-1/repositories/_policy.json","line":10},` +
	`{"statementId":"","effect":"ALLOW","policyType":"identity-based policy","policy":"managed/","line":4}]},"failures":{"items":[]},` +
	`"context":{"principal":{"id":"","name":"","arn":"arn:aws:iam::123456789012:user/"},"action":"ecr:PutImage","resource":"arn:aws:ecr:eu-central-1:123456789012:repository/","conditions":{"items":[` +
	`{"key":"aws:SourceIp","values":{"items":[{"value":"192."}]}},{"key":"aws:SecureTransport","values":{"items":[{"value":"true"}]}},` +
	`{"key":"aws:CurrentTime","values":{"items":[{"value":"2027-01-01T00:00:00Z"}]}},{"key":"aws:EpochTime","values":{"items":[{"value":"18"}]}},` +
	`{"key":"aws:RequestedRegion","values":{"items":[{"value":"eu-central-1"}]}},{"key":"aws:UserAgent","values":{"items":[{"value":"docker/"}]}},` +
	`{"key":"aws:PrincipalArn","values":{"items":[{"value":"arn:aws:iam::"}]}},{"key":"aws:PrincipalType","values":{"items":[{"value":"User"}]}},` +
	`{"key":"aws:PrincipalIsAWSService","values":{"items":[{"value":"false"}]}},{"key":"aws:userid","values":{"items":[{"value":"AIDA"}]}},{"key":"aws:username","values":{"items":[{"value":"` +
	`"}]}},{"key":"aws:PrincipalAccount","values":{"items":[{"value":"123456789012"}]}},{"key":"aws:ViaAWSService","values":{"items":[{"value":"false"}]}},` +
	`{"key":"aws:ResourceAccount","values":{"items":[{"value":"123456789012"}]}}]}}},` +
	`"reason":"User: arn:aws:iam::123456789012:user/ is not authorized to perform: ecr: on resource: arn:aws:ecr:eu-central-1:123456789012:repository/ because no identity-based policy allows the ecr: action",` +
	`"decisionId":"01","time":"202","registry":"main","policyDigest":"sha256:"}`
