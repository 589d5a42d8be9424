// Package nametemplate maps names to names: a [Pattern] such as
// spiffe://cluster.local/ns/{namespace}/sa/{name} captures parts of a name, and a
// [Template] such as arn:aws:iam::123456789012:user/{name} makes a text from them.
//
// A client that chooses a name must not be able to choose more than the operator intended:
//
//   - A capture matches only characters of IAM's names, [A-Za-z0-9+=,.@_-]: no "/", ":",
//     "*", "?" or "$".
//   - A text matches a pattern in one way or not at all, and in linear time.
//   - [Pattern.Overlaps] reports whether a text can match two patterns.
//   - A capture in an ARN is a name, never the partition, account or kind, so that no name
//     maps to an account that the operator did not write.
//   - Different captures make different texts, unless a template leaves one out.
//
// A doubled brace is a literal one, in patterns and in templates: {{ is {, and }} is }. So
// "{{11111111-2222}}" matches {11111111-2222}, and "{{{uuid}}}" captures what is between
// such braces.
package nametemplate
