// Package nametemplate makes names of names: a [Pattern] such as
// spiffe://cluster.local/ns/{namespace}/sa/{name} captures parts of a name, and a
// [Template] such as arn:aws:iam::123456789012:user/{name} makes a text of them.
//
// Both are made so that whoever chooses a name chooses no more than the operator
// left to him:
//
//   - A capture holds only characters of IAM's names, [A-Za-z0-9+=,.@_-]: no "/",
//     ":", "*", "?" or "$".
//   - A text matches a pattern in one way or not at all, and in linear time.
//   - Whether two patterns share a text can be told ([Pattern.Overlaps]).
//   - A capture in an ARN stands for a name alone, never for partition, account or
//     kind, so that it leads to no account but the one that the operator wrote out.
//   - Different captures make different texts, but where a template leaves one out.
//
// A doubled brace is a literal one, in patterns and in templates: {{ is {, and }} is }.
// So "{{11111111-2222}}" matches {11111111-2222}, and "{{{uuid}}}" captures what is
// between such braces.
package nametemplate
