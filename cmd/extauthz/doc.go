// Command extauthz authorizes the requests of an OCI registry's clients with
// AWS IAM policies for ECR. It is the ext_authz (gRPC) service of the Envoy proxy in
// front of the registry.
//
//	extauthz serve --policies DIR    authorize Envoy's requests
//	extauthz help [COMMAND]          print the commands, or how to use one command
//
// Each command has a file, which begins with what help says about the command, followed by
// its flags and the function that runs it.
//
// Each flag of serve can also be set in the environment: EXTAUTHZ_LISTEN is
// --listen. The flag takes precedence. Exit codes: 0 success; 1 a negative result or a
// failure at run time; 2 wrong usage, or input that cannot be loaded.
package main
