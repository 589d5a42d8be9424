package main

// exampleOf returns an example of a command.
func exampleOf(command string) string {
	return "extauthz " + map[string]string{
		"serve":               "serve --policies policies --decision-log-file decisions.log",
		"init":                "init policies --account 123456789012 --region eu-central-1 --users alice,bob",
		"simulate":            "simulate --explain case.json",
		"map":                 "map HEAD /v2/team/app/manifests/v1",
		"test":                "test policies --run alice",
		"lint":                "lint policies --fail-on error",
		"doctor":              "doctor --policies policies envoy.yaml",
		"schema":              "schema principals",
		"whoami":              "whoami --policies policies --user alice",
		"explain":             "explain --policies policies --log decisions.log --id 019a0b1c-2d3e-7f40-8123-456789abcdef",
		"who-can":             "who-can ecr:PutImage team/app --policies policies",
		"what-can":            "what-can arn:aws:iam::123456789012:user/alice --policies policies --format json",
		"replay":              "replay --log decisions.log --policies new-policies --fail-on lost-access,new-access",
		"generate":            "generate --log decisions.log --policies policies --out generated",
		"login-password":      "login-password registry.example.com --token-env TOKEN",
		"credential-provider": "credential-provider --registry registry.example.com",
		"session-key":         "session-key keys --signs-after 5m",
		"decode":              "decode --key key.txt --explain < output-of-the-client.txt",
		"diff":                "diff policies.main policies --no-new-access",
		"healthcheck":         "healthcheck --timeout 5s",
		"version":             "version",
		"help":                "help who-can",
	}[command]
}
