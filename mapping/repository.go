package mapping

import "strings"

// ValidRepository tells whether name is a repository name by the grammar of the
// OCI Distribution Specification, the wider of the two that a Registry may
// hold names to.
func ValidRepository(name string) bool { return validName(name, false) }

// RepositoryARN is the ARN of a repository of this registry, as the
// permissions of a mapping name it.
func (g *Registry) RepositoryARN(repository string) string {
	var text strings.Builder
	g.writeARN(&text, repository)
	return text.String()
}
