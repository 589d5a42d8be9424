// Command extauthz authorises the requests of an OCI registry's clients with
// AWS IAM policies for ECR. It is the ext_authz (gRPC) sidecar of an Envoy that
// stands in front of the registry.
//
//	extauthz serve --policies DIR    answer Envoy's checks
//	extauthz init DIR                write a policy directory to start from
//	extauthz simulate [FILE]         decide simulated requests
//	extauthz map METHOD PATH         print which ECR actions a request needs
//	extauthz test DIR                run the policy tests of a directory
//	extauthz lint DIR                print what is suspicious in a policy directory
//	extauthz schema NAME             print a JSON Schema for editors
//	extauthz whoami --policies DIR   print who calls with a credential
//	extauthz healthcheck             ask a running serve whether it is ready
//	extauthz version                 print the version
//	extauthz help [COMMAND]          print the commands, or a command's flags
//
// Each flag of serve can also be given in the environment: EXTAUTHZ_LISTEN is
// --listen. The flag wins. Exit codes: 0 done; 1 the command's negative answer
// or a failure at run time; 2 usage, or input that cannot be loaded.
package main
