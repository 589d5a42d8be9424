package envoy

import (
	"strings"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// A shape describes the fields of a message, by their numbers: what protobuf checks in them,
// and which of them count.
type shape []fieldShape

type fieldShape struct {
	isText, isMap bool
	part          part
	message       *shape // of a field that is a message, or an entry of a map
}

// A part is a part of a CheckRequest that counts.
type part uint8

const (
	noPart part = iota
	methodPart
	pathPart
	hostPart
	peerPart
	noPeerPart // another form of the address of the peer
	principalPart
	certificatePart
	destinationPrincipalPart
	sniPart
	namePart // of a header or an entry of a map
	valuePart
	rawPart
	mapHeaderPart
	listHeaderPart
	extensionPart
	metadataPart
)

// partNames are the names of the parts: the fields that lead to them from a CheckRequest.
var partNames = map[string]part{
	"attributes.source.address.socket_address.address": peerPart,
	"attributes.source.address.pipe":                   noPeerPart,
	"attributes.source.address.envoy_internal_address": noPeerPart,
	"attributes.source.principal":                      principalPart,
	"attributes.source.certificate":                    certificatePart,
	"attributes.destination.principal":                 destinationPrincipalPart,
	"attributes.tls_session.sni":                       sniPart,

	"attributes.request.http.method":                       methodPart,
	"attributes.request.http.path":                         pathPart,
	"attributes.request.http.host":                         hostPart,
	"attributes.request.http.headers":                      mapHeaderPart,
	"attributes.request.http.headers.key":                  namePart,
	"attributes.request.http.headers.value":                valuePart,
	"attributes.request.http.header_map.headers":           listHeaderPart,
	"attributes.request.http.header_map.headers.key":       namePart,
	"attributes.request.http.header_map.headers.value":     valuePart,
	"attributes.request.http.header_map.headers.raw_value": rawPart,

	"attributes.context_extensions":                   extensionPart,
	"attributes.context_extensions.key":               namePart,
	"attributes.context_extensions.value":             valuePart,
	"attributes.metadata_context.filter_metadata":     metadataPart,
	"attributes.metadata_context.filter_metadata.key": namePart,
}

// checkRequestShape is the shape of a CheckRequest.
var checkRequestShape = *shapes{}.of(new(authv3.CheckRequest).ProtoReflect().Descriptor(), "")

// shapes are the shapes of messages without parts, by their types. Types can contain
// themselves.
type shapes map[protoreflect.FullName]*shape

// of returns the shape of a message. name is that of its field and a dot, or "" for a
// CheckRequest.
func (known shapes) of(message protoreflect.MessageDescriptor, name string) *shape {
	s := new(shape)
	if !hasParts(name) {
		if s, found := known[message.FullName()]; found {
			return s
		}
		known[message.FullName()] = s
	}
	for i := range message.Fields().Len() {
		field := message.Fields().Get(i)
		for len(*s) <= int(field.Number()) {
			*s = append(*s, fieldShape{})
		}
		f, name := &(*s)[field.Number()], name+string(field.Name())
		f.isText, f.isMap, f.part = field.Kind() == protoreflect.StringKind, field.IsMap(), partNames[name]
		if field.Kind() == protoreflect.MessageKind {
			f.message = known.of(field.Message(), name+".")
		}
	}
	return s
}

// hasParts reports whether a message contains parts.
func hasParts(name string) bool {
	for part := range partNames {
		if strings.HasPrefix(part, name) {
			return true
		}
	}
	return false
}
