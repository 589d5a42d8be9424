package mapping

import "strings"

// ValidRepository tells whether name is a repository name by either of the rules
// that a Registry may hold names to: OCI's, which is the wider one but for its
// limit of 255 characters, or ECR's, which go to 256.
func ValidRepository(name string) bool { return validName(name, false) || validName(name, true) }

// RepositoryARN is the ARN of a repository of this registry, as the
// permissions of a mapping name it.
func (g *Registry) RepositoryARN(repository string) string {
	var text strings.Builder
	g.writeARN(&text, repository)
	return text.String()
}
