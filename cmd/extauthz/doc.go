// Command extauthz authorizes the requests of an OCI registry's clients with
// AWS IAM policies for ECR. It is the ext_authz (gRPC) service of the Envoy proxy in
// front of the registry.
//
//	extauthz serve --policies DIR    authorize Envoy's requests
//	extauthz init DIR                write a new policy directory
//	extauthz simulate [FILE]         evaluate simulated requests
//	extauthz map METHOD PATH         print the ECR actions that a request needs
//	extauthz test DIR                run the policy tests of a directory
//	extauthz lint DIR                report likely mistakes in a policy directory
//	extauthz schema NAME             print a JSON Schema for editors
//	extauthz whoami --policies DIR   print the caller that a credential identifies
//	extauthz decode --key FILE       print the reason in an encoded authorization message
//	extauthz healthcheck             check whether extauthz serve is running and ready
//	extauthz version                 print the version
//	extauthz help [COMMAND]          print the commands, or a command's flags
//
// Each flag of serve can also be set in the environment: EXTAUTHZ_LISTEN is
// --listen. The flag takes precedence. Exit codes: 0 success; 1 a negative result or a
// failure at run time; 2 wrong usage, or input that cannot be loaded.
package main
