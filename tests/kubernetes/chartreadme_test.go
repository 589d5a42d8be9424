package kubernetes

import (
	"strings"
	"testing"

	yamlv4 "go.yaml.in/yaml/v4"

	"extauthz/goldentest"
)

// tableMark is the line of the chart's README after which the table of values follows.
const tableMark = "<!-- The table of values.yaml: go test ./kubernetes -update -->\n\n"

// TestChartReadme compares the table of values with values.yaml: a row for each value with its
// default and its comment.
func TestChartReadme(t *testing.T) {
	var document yamlv4.Node
	if err := yamlv4.Load([]byte(read(t, chart("values.yaml"))), &document); err != nil {
		t.Fatal(err)
	}
	rows := rowsOf(t, "", document.Content[0])
	if len(rows) < 40 {
		t.Errorf("%d values, want at least 40", len(rows))
	}
	before, _, found := strings.Cut(read(t, chart("README.md")), tableMark)
	if !found {
		t.Fatalf("README.md lacks the line %s", tableMark)
	}
	table := "| value | default | meaning |\n| --- | --- | --- |\n" + strings.Join(rows, "")
	goldentest.Compare(t, chart("README.md"), before+tableMark+table)
}

// rowsOf returns the rows for the values of a mapping. A mapping with a comment has a row, too.
func rowsOf(t *testing.T, prefix string, mapping *yamlv4.Node) (rows []string) {
	t.Helper()
	for i := 0; i < len(mapping.Content); i += 2 {
		key, value := mapping.Content[i], mapping.Content[i+1]
		path, comment := prefix+key.Value, commentOf(key)
		deeper := value.Kind == yamlv4.MappingNode && len(value.Content) > 0 && value.Style&yamlv4.FlowStyle == 0
		if deeper && !isOneValue(key.Value) {
			if comment != "" {
				rows = append(rows, row(path, "", comment))
			}
			rows = append(rows, rowsOf(t, path+".", value)...)
			continue
		}
		rows = append(rows, row(path, inline(t, value), comment))
	}
	return rows
}

// isOneValue reports whether a mapping is described as a whole.
func isOneValue(name string) bool { return name == "resources" || name == "storage" }

// commentOf returns the comment above a key as one line.
func commentOf(key *yamlv4.Node) string {
	// A comment that an empty line separates is about what follows it too, and not about the key.
	paragraphs := strings.Split(key.HeadComment, "\n\n")
	words := strings.ReplaceAll(paragraphs[len(paragraphs)-1], "# ", "")
	return strings.ReplaceAll(strings.ReplaceAll(words, "\n", " "), "|", "\\|")
}

// inline returns a value on one line.
func inline(t *testing.T, value *yamlv4.Node) string {
	t.Helper()
	flow := *value
	flow.Style, flow.HeadComment, flow.FootComment = yamlv4.FlowStyle, "", ""
	if value.Kind == yamlv4.ScalarNode {
		flow.Style = value.Style
	}
	text, err := yamlv4.Marshal(&flow)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(string(text)), " ")
}

func row(path, value, meaning string) string {
	if value != "" {
		value = "`" + value + "`"
	}
	return strings.ReplaceAll("| `"+path+"` | "+value+" | "+meaning+" |\n", "|  |", "| |")
}
