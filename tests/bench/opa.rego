# The policies of the benchmark in Rego, for OPA-Envoy. RegoData of package workload writes
# data.json. What these rules leave out of a check is in README.md.
package bench

default allow := false

allow if {
	input.parsed_path == ["v2", ""]
	team.allow["ecr:GetAuthorizationToken"]
}

allow if {
	team.allow["ecr:GetAuthorizationToken"]
	actions := operations[input.attributes.request.http.method][input.parsed_path[3]]
	not outside
	every action in actions {
		granted(action)
		not denied(action)
	}
}

# identity is spiffe://cluster.local/ns/TEAM/sa/NAME.
identity := split(input.attributes.source.principal, "/")

team := data.teams[identity[4]]

name := concat("/", [input.parsed_path[1], input.parsed_path[2]])

repository := data.repositories[name]

# operations are the actions that a request needs, by its method and the part of its path after the
# repository's name.
operations := {
	"GET": {
		"manifests": ["ecr:BatchGetImage"],
		"blobs": ["ecr:GetDownloadUrlForLayer"],
		"tags": ["ecr:ListImages"],
		"referrers": ["ecr:BatchGetImage"],
	},
	"HEAD": {
		"manifests": ["ecr:BatchGetImage"],
		"blobs": ["ecr:BatchCheckLayerAvailability"],
	},
	"POST": {"blobs": ["ecr:InitiateLayerUpload"]},
	"PATCH": {"blobs": ["ecr:UploadLayerPart"]},
	"PUT": {
		"blobs": ["ecr:UploadLayerPart", "ecr:CompleteLayerUpload"],
		"manifests": ["ecr:PutImage"],
	},
}

granted(action) if {
	some prefix in team.allow[action]
	startswith(name, prefix)
}

granted(action) if repository.allow[action][identity[4]]

denied(action) if {
	some statement in team.deny[action]
	startswith(name, statement.prefix)
	not startswith(identity[6], statement.unless)
}

outside if {
	repository
	not inside
}

inside if {
	some network in repository.networks
	net.cidr_contains(network, input.attributes.source.address.socketAddress.address)
}
