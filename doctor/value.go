package doctor

import (
	"iter"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"extauthz/diag"
)

// A value is a value in a file with its place. The zero value does not exist, and neither do its
// members. JSON is read as YAML, which contains it.
type value struct {
	node    *yaml.Node
	file    string
	pointer string
}

// parse reads the document of a file.
func parse(file string, text []byte) (value, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return value{}, diag.New(diag.File(file).At(diag.Point{}), "not valid YAML or JSON: "+err.Error(), "fix the file; envoy --mode validate checks it too")
	}
	if len(document.Content) == 0 {
		return value{}, diag.New(diag.File(file).At(diag.Point{}), "the file is empty", "name a file with a bootstrap, xDS resources or a config dump")
	}
	root := value{target(document.Content[0]), file, ""}
	if budget := maxValues; !fits(root.node, maxDepth, &budget) {
		return value{}, diag.New(root.position(), "the file is too large, or its aliases repeat too many values", "write the values out, without anchors")
	}
	return root, nil
}

// The limits on a file. A few lines of aliases to aliases can describe more values than fit into
// memory, and an alias inside its own anchor endlessly many.
const (
	maxValues = 2_000_000
	maxDepth  = 200
)

// fits reports whether a node with all that its aliases repeat is within the limits.
func fits(node *yaml.Node, depth int, budget *int) bool {
	if *budget--; *budget < 0 || depth == 0 {
		return false
	}
	for _, child := range node.Content {
		if !fits(target(child), depth-1, budget) {
			return false
		}
	}
	return true
}

// target returns the node that an alias refers to, and any other node itself.
func target(node *yaml.Node) *yaml.Node {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	return node
}

func (v value) exists() bool { return v.node != nil }

func (v value) position() diag.Position {
	if v.node == nil {
		return diag.File(v.file).At(diag.Point{})
	}
	return diag.File(v.file).At(diag.Point{Line: int32(v.node.Line), Column: int32(v.node.Column)})
}

// get returns the value that a path of fields leads to. Fields have the names of the protobuf
// message; a file can contain their names in JSON as well.
func (v value) get(fields ...string) value {
	for _, field := range fields {
		v = v.member(field)
	}
	return v
}

func (v value) member(field string) value {
	for name, member := range v.members() {
		if name == field || strings.Contains(field, "_") && name == camelCase(field) {
			return member
		}
	}
	return value{file: v.file}
}

// camelCase returns the name of a field in JSON (Protocol Buffers, "ProtoJSON Format").
func camelCase(field string) string {
	words := strings.Split(field, "_")
	for i, word := range words[1:] {
		words[i+1] = strings.ToUpper(word[:min(1, len(word))]) + word[min(1, len(word)):]
	}
	return strings.Join(words, "")
}

// members returns the members of a mapping in order, including those of merged mappings.
func (v value) members() iter.Seq2[string, value] {
	return func(yield func(string, value) bool) {
		if v.node == nil || v.node.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(v.node.Content); i += 2 {
			key, node := target(v.node.Content[i]), target(v.node.Content[i+1])
			if !yield(key.Value, value{node, v.file, v.pointer + "/" + escape(key.Value)}) {
				return
			}
		}
	}
}

// escape returns a name as a JSON Pointer contains it (RFC 6901, section 3).
func escape(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

// list returns the items of a list.
func (v value) list() (items []value) {
	if v.node == nil || v.node.Kind != yaml.SequenceNode {
		return nil
	}
	for i, item := range v.node.Content {
		items = append(items, value{target(item), v.file, v.pointer + "/" + strconv.Itoa(i)})
	}
	return items
}

// text returns the text of a scalar, "" for another value.
func (v value) text() string {
	if v.node == nil || v.node.Kind != yaml.ScalarNode || v.node.Tag == "!!null" {
		return ""
	}
	return v.node.Value
}

func (v value) isTrue() bool { return strings.EqualFold(v.text(), "true") }

// number returns the number of a scalar, or otherwise if it has none.
func (v value) number(otherwise float64) float64 {
	if n, err := strconv.ParseFloat(v.text(), 64); err == nil {
		return n
	}
	return otherwise
}

// A message is a protobuf message of a type that its file names.
type message struct {
	name string // of the type, without the package, such as ExtAuthz
	value
}

// message returns the message in an Any, or in a TypedStruct in an Any.
func (v value) message() message {
	kind, content := v.get("@type").text(), v
	if strings.HasSuffix(kind, ".TypedStruct") {
		kind, content = v.get("type_url").text(), v.get("value")
	}
	return message{typeName(kind), content}
}

// typeName returns the last part of a type URL.
func typeName(url string) string { return url[strings.LastIndexAny(url, "./")+1:] }
