# The rules of the benchmark's policies in Rego, for OPA-Envoy. data.json has the statements: of
# each team those of its policy, and of each repository those of its policy.
package bench

import rego.v1

default allow := false

allow if {
	statement_allows("ecr:GetAuthorizationToken", "")
	count(input.parsed_path) <= 2
}

allow if {
	statement_allows("ecr:GetAuthorizationToken", "")
	granted
	not denied
}

team := split(input.attributes.source.principal, "/")[4]

workload := split(input.attributes.source.principal, "/")[6]

repository := sprintf("%s/%s", [input.parsed_path[1], input.parsed_path[2]])

method := input.attributes.request.http.method

address := input.attributes.source.address.socketAddress.address

kind := input.parsed_path[3]

reads if method in {"GET", "HEAD"}

action := "ecr:BatchGetImage" if {
	kind == "manifests"
	reads
}

action := "ecr:PutImage" if {
	kind == "manifests"
	method == "PUT"
}

action := "ecr:GetDownloadUrlForLayer" if {
	kind == "blobs"
	reads
}

action := "ecr:InitiateLayerUpload" if {
	kind == "blobs"
	method == "POST"
}

action := "ecr:UploadLayerPart" if {
	kind == "blobs"
	method == "PATCH"
}

action := "ecr:CompleteLayerUpload" if {
	kind == "blobs"
	method == "PUT"
}

action := "ecr:ListImages" if kind == "tags"

action := "ecr:DescribeImages" if kind == "referrers"

statement_allows(wanted, name) if {
	some s in data.teams[team]
	s.effect == "Allow"
	wanted in s.actions
	startswith(name, s.prefix)
}

granted if statement_allows(action, repository)

granted if {
	some s in data.repositories[repository]
	s.effect == "Allow"
	s.team == team
	action in s.actions
}

denied if {
	some s in data.teams[team]
	s.effect == "Deny"
	action in s.actions
	startswith(repository, s.prefix)
	not startswith(workload, s.unless)
}

denied if {
	some s in data.repositories[repository]
	s.effect == "Deny"
	not inside(s.networks)
}

inside(networks) if {
	some network in networks
	net.cidr_contains(network, address)
}
