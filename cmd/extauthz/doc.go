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
//
// The map of the files:
//
//	main.go            the commands, and what an error means to the shell
//	flags.go           flags and the environment
//	directory.go       the policy directory that a command asks about
//	help.go            help
//	config.go          the flags of serve
//	contradictions.go  flags that do not go together
//	loopback.go        what counts as this machine alone
//	serve.go           serve: builds everything, then runs it
//	sidecar.go         the parts that run, how they start and end
//	memory.go          the memory limit, and how much of it a load may use
//	listeners.go       what serve listens on
//	connections.go     how many connections each port keeps open
//	signals.go         SIGTERM, SIGINT, SIGHUP
//	check.go           one check: decide, log, count
//	admin.go           the admin and probe listeners
//	readiness.go       whether the process is ready
//	metrics.go         what is counted with each check
//	collector.go       what is read when Prometheus asks
//	issuers.go         issuers and their keys, in /snapshot and in metrics
//	logfile.go         the decision log's file
//	init.go            init
//	simulate.go        simulate
//	simulateflags.go   the flags of simulate, and what does not go together
//	map.go             map
//	test.go            test
//	lint.go            lint
//	lintflags.go       the flags of lint
//	schema.go          schema
//	whoami.go          whoami
//	whoamiflags.go     the flags of whoami, and what does not go together
//	healthcheck.go     healthcheck
//	version.go         version
package main
