package iam

import "regexp"

// regionsOf is the form of the names of a partition's regions (AWS General Reference,
// "Partitions"; the partitions metadata of the AWS SDKs).
var regionsOf = map[string]*regexp.Regexp{
	"aws":        regexp.MustCompile(`^(af|ap|ca|eu|il|me|mx|sa|us)-[a-z]+-[0-9]+$`),
	"aws-cn":     regexp.MustCompile(`^cn-[a-z]+-[0-9]+$`),
	"aws-us-gov": regexp.MustCompile(`^us-gov-[a-z]+-[0-9]+$`),
	"aws-eusc":   regexp.MustCompile(`^eusc-[a-z]+-[a-z]+-[0-9]+$`),
	"aws-iso":    regexp.MustCompile(`^us-iso-[a-z]+-[0-9]+$`),
	"aws-iso-b":  regexp.MustCompile(`^us-isob-[a-z]+-[0-9]+$`),
	"aws-iso-e":  regexp.MustCompile(`^eu-isoe-[a-z]+-[0-9]+$`),
	"aws-iso-f":  regexp.MustCompile(`^(us|eu)-isof-[a-z]+-[0-9]+$`),
}

// PartitionOf returns the partition that a region of AWS is in, and false for a name
// that is not known to be one of AWS's regions.
func PartitionOf(region string) (partition string, known bool) {
	for partition, form := range regionsOf {
		if form.MatchString(region) {
			return partition, true
		}
	}
	return "", false
}
