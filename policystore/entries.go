package policystore

import (
	"fmt"

	"extauthz/diag"
)

// principalsPath is the path of the file that says who is who.
const principalsPath = "principals.yaml"

// principalsFile is principals.yaml.
type principalsFile struct {
	Issuers     []issuerEntry     `yaml:"issuers"`
	Credentials []credentialEntry `yaml:"credentials"`
	Principals  []principalEntry  `yaml:"principals"`
	Groups      []groupEntry      `yaml:"groups"`
}

// entries are those of principals.yaml, with their places and what is suspicious
// in them by themselves.
type entries struct {
	principalsFile
	issuers, credentials, principals []diag.Position
	findings                         diag.List
}

func readEntries(text []byte) (*entries, error) {
	e := &entries{}
	y, err := decodeYAML(principalsPath, text, &e.principalsFile)
	if err != nil {
		return nil, err
	}
	for i := range e.Issuers {
		e.issuers = append(e.issuers, y.placeOf("issuers", i))
		e.warnOfForeignAudiences(y, i)
	}
	for i := range e.Credentials {
		e.credentials = append(e.credentials, y.placeOf("credentials", i))
	}
	for i := range e.Principals {
		e.principals = append(e.principals, y.placeOf("principals", i))
	}
	for i := range e.Groups {
		e.warnOfGroup(y, i)
	}
	return e, nil
}

// warnOfForeignAudiences tells of tokens that are taken though they were made for
// another service: whoever sees one here could use it there.
func (e *entries) warnOfForeignAudiences(y *yamlFile, i int) {
	for j, audience := range e.Issuers[i].ForeignAudiences {
		e.findings = append(e.findings, y.findingAt("foreign-audience", fmt.Sprintf(
			"issuer %q: tokens made for %q are taken, though they are another service's; who sees one here could use it there",
			e.Issuers[i].Name, audience), "", "issuers", i, "foreignAudiences", j))
	}
}

// placed places what is wrong with an entry where it stands in principals.yaml. The
// text is read again for it: of the good entries only the places are kept.
func placed(err error, text []byte, wrong []any) error {
	y, again := decodeYAML(principalsPath, text, &principalsFile{})
	if again != nil {
		return again
	}
	return y.errorAt(err, wrong...)
}
