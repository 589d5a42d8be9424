package envoy

import (
	"testing"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// TestPartNames checks that each name of a part leads to a field.
func TestPartNames(t *testing.T) {
	found := map[string]bool{}
	var visit func(s *shape, message protoreflect.MessageDescriptor, name string)
	visit = func(s *shape, message protoreflect.MessageDescriptor, name string) {
		for i := range message.Fields().Len() {
			field := message.Fields().Get(i)
			name := name + string(field.Name())
			f := &(*s)[field.Number()]
			if want := partNames[name]; f.part != want {
				t.Errorf("%s is the part %d, want %d", name, f.part, want)
			}
			found[name] = true
			if f.message != nil && hasParts(name+".") {
				visit(f.message, field.Message(), name+".")
			}
		}
	}
	visit(&checkRequestShape, new(authv3.CheckRequest).ProtoReflect().Descriptor(), "")
	for name := range partNames {
		if !found[name] {
			t.Errorf("no field has the name %s", name)
		}
	}
}
