// Package generate writes least-privilege identity policies from the recorded use of
// registries.
//
// A [Collector] reads the decisions of logs. For each principal it collects the actions that
// were allowed and the resources on which they were used: for an IAM user, for a role, which
// has the use of all its sessions, and for the user who federates a federated user. The
// [Policies] that it returns allow these actions on these resources and nothing else:
//
//   - What was denied, tried by a dry run or optional and not granted is not use.
//   - A resource is never a pattern, except on request, and except for ecr:DescribeRepositories,
//     which the catalog requires for every repository. Each pattern is listed.
//   - Policies have no conditions. If the collector knows the policy directory, access that
//     depended on condition keys is listed with these keys.
//
// Services, root users and anonymous callers have no identity policies. Their use is listed as
// left out.
package generate
