package differential

import "strings"

// The vocabulary of all questions. It is small, so that things often match, and
// written for the partition aws; a question may move to another.
const (
	accountA = "123456789012"
	accountB = "999999999999"

	// Keys that are in the context of some questions and not of others.
	textKey  = "aws:PrincipalTag/team"
	emptyKey = "aws:PrincipalTag/empty"
	noKey    = "aws:PrincipalTag/missing"
	userKey  = "aws:username"
	listKey  = "aws:TagKeys" // multivalued
	// bytesKey has bytes; only BinaryEquals and Null use it.
	bytesKey = "aws:PrincipalTag/bytes"
)

// vocabulary is a list to pick from.
type vocabulary []string

// words splits a text at spaces.
func words(text string) vocabulary { return strings.Fields(text) }

func users() vocabulary {
	return words(`arn:aws:iam::123456789012:user/alice arn:aws:iam::123456789012:user/team/bob
		arn:aws:iam::999999999999:user/alice arn:aws:iam::123456789012:user/ALICE`)
}

// roles come with the sessions below them.
func roles() vocabulary {
	return words(`arn:aws:iam::123456789012:role/ci arn:aws:iam::123456789012:role/path/to/ci
		arn:aws:iam::123456789012:role/CI arn:aws:iam::999999999999:role/ci
		arn:aws:iam::123456789012:role/admin
		arn:aws:iam::123456789012:role/aws-service-role/x.amazonaws.com/ci`)
}

func sessions() vocabulary {
	return words(`arn:aws:sts::123456789012:assumed-role/ci/build arn:aws:sts::123456789012:assumed-role/ci/other
		arn:aws:sts::999999999999:assumed-role/ci/build`)
}

func federatedUsers() vocabulary {
	return words(`arn:aws:sts::123456789012:federated-user/alice arn:aws:sts::999999999999:federated-user/alice`)
}

func accounts() vocabulary {
	return words(`123456789012 999999999999 arn:aws:iam::123456789012:root arn:aws:iam::999999999999:root
		arn:aws-cn:iam::123456789012:root`)
}

func services() vocabulary {
	return words(`replication.ecr.amazonaws.com ecs.amazonaws.com`)
}

// repositoryActions and registryActions are the actions of questions: the former with
// a repository, the latter with none.
func repositoryActions() vocabulary {
	return words(`ecr:BatchGetImage ecr:BatchGetImage ecr:BatchGetImage ecr:PutImage ecr:DescribeImages ecr:CreateRepository`)
}

func registryActions() vocabulary {
	return words(`ecr:GetAuthorizationToken ecr:GetAuthorizationToken ecr:DescribeRegistry`)
}

// actionPatterns are in policies.
func actionPatterns() vocabulary {
	return append(words(`* * ecr:* ecr:* ECR:batch* ecr:BatchGetImage ecr:?utImage ecr:Get* ecr:*Image ecr:PutImage
		ecr:D*s s3:* s3:GetObject ecr:batchgetimage`), "ecr: BatchGetImage", "ecr:BatchGetImage ")
}

func resources() vocabulary {
	return words(`arn:aws:ecr:eu-central-1:123456789012:repository/team/app arn:aws:ecr:eu-central-1:123456789012:repository/team/app
		arn:aws:ecr:eu-central-1:123456789012:repository/app arn:aws:ecr:us-east-1:999999999999:repository/team/app
		arn:aws:ecr:us-east-1:123456789012:repository/alice/app arn:aws:ecr:eu-central-1:123456789012:repository/team`)
}

// plainPatterns are resources in policies that both evaluators read in the same way.
func plainPatterns() vocabulary {
	return words(`* * * arn:aws:ecr:*:*:repository/* arn:aws:ecr:*:*:repository/* arn:aws:ecr:*:*:*
		arn:aws:ecr:eu-central-1:123456789012:repository/team/* arn:aws:ecr:*:123456789012:repository/team/app
		arn:*:ecr:*:*:repository/*/app arn:aws:ecr:eu-*:*:repository/* arn:aws:ecr:*:*:repository/te?m/*
		arn:aws:ecr:*:*:repository/app arn:aws:s3:::bucket/* arn:aws:ecr:*:*:repository/Team/app
		arn:aws:ecr:??-*-1:1234*:repository/*a*p*`)
}

// oddPatterns hold policy variables, or are written as they should not be.
func oddPatterns() vocabulary {
	return append(words(`arn:aws:ecr:*:*:repository/${aws:PrincipalTag/team}/* arn:aws:ecr:*:*:repository/${aws:PrincipalTag/team}/*
		arn:aws:ecr:*:*:repository/${aws:username}/app arn:aws:ecr:*:*:repository/*${aws:PrincipalTag/empty}
		arn:aws:ecr:*:*:repository/${aws:PrincipalTag/missing}/* arn:aws:ecr:*:*:repository/team/${aws:PrincipalTag/missing}
		arn:aws:ecr:*:*:repository/*/${aws:PrincipalTag/missing} arn:aws:ecr:us-*:*:repository/${aws:PrincipalTag/missing}
		arn:aws:ecr:*:*:repository/${aws:TagKeys}/app arn:aws:ecr:*:*:repository/team${*}
		arn:aws:ecr:*:*:repository/${*} arn:aws:ecr:*:${aws:PrincipalAccount}:repository/*
		arn:aws:ecr:*:*:${aws:PrincipalTag/team}/app arn:aws:ecr:*:*:${aws:PrincipalTag/missing}/app
		arn:aws:e?r:*:*:repository/* arn:aws:*:*:*:repository/team/* arn:aws:ecr:*:*:repo*/app
		arn:aws:ecr:*:*:repo* arn:aws:ecr:*:*:*/app arn:aws:ecr:*:*:*/* arn:aws:ecr:EU-Central-1:*:repository/* arn:AWS:ECR:*:*:repository/team/*`),
		"arn:aws:ecr:*:*:repository/${aws:PrincipalTag/missing, 'team'}/*",
		"arn:aws:ecr:*:*:repository/${aws:PrincipalTag/missing, 't*m'}/*",
		"arn:aws:ecr:*:*:repository/${aws:PrincipalTag/empty, 'team'}/*",
		"arn:aws:ecr:*:*:repository/${aws:TagKeys, 'team'}/app",
		"arn:aws:ecr:*:*:repository/team${aws:PrincipalTag/missing, ''}/*")
}

// shortPatterns lack segments.
func shortPatterns() vocabulary {
	return words(`arn:aws:ecr arn:aws:ecr:* arn:aws:ecr:eu-central-1:123456789012 arn:aws:s3 arn:aws:ecr:us-east-1:*`)
}

// operators are all that there are, without prefix and suffix.
func operators() vocabulary {
	return words(`StringEquals StringNotEquals StringEqualsIgnoreCase StringNotEqualsIgnoreCase StringLike StringNotLike
		NumericEquals NumericNotEquals NumericLessThan NumericLessThanEquals NumericGreaterThan NumericGreaterThanEquals
		DateEquals DateNotEquals DateLessThan DateLessThanEquals DateGreaterThan DateGreaterThanEquals
		Bool BinaryEquals IpAddress NotIpAddress ArnEquals ArnLike ArnNotEquals ArnNotLike Null`)
}

// family is what an operator compares.
type family struct {
	keys   vocabulary // single-valued keys of this type
	policy vocabulary // values in policies
	odd    vocabulary // values that evaluators may read differently
	values vocabulary // values in requests
}

// familyOf finds the family of an operator.
func familyOf(operator string) family {
	switch {
	case strings.HasPrefix(operator, "Numeric"):
		return numbers()
	case strings.HasPrefix(operator, "Date"):
		return dates()
	case strings.HasSuffix(operator, "IpAddress"):
		return addresses()
	case strings.HasPrefix(operator, "Arn"):
		return arns()
	case operator == "Bool":
		return family{words("aws:SecureTransport aws:ViaAWSService"), words("true false True"), nil, words("true false TRUE False")}
	case operator == "BinaryEquals":
		return family{vocabulary{bytesKey}, append(words("YQ== AAE= Kg=="), ""), nil, append(words("a * \x00\x01"), "")}
	case operator == "Null":
		return family{append(words(textKey+" "+emptyKey+" "+noKey+" "+userKey+" aws:SourceIp"), bytesKey), words("true false"), nil, texts().values}
	}
	return texts()
}

func texts() family {
	return family{
		keys:   words("aws:PrincipalTag/team AWS:principaltag/TEAM aws:username aws:ResourceTag/team aws:PrincipalTag/empty aws:SourceVpce"),
		policy: append(words("team team team alice app Team t* *a* te?m ? * tea é É x*y"), ""),
		odd: append(words(`${aws:PrincipalTag/team} ${aws:username} *${aws:username}* ${aws:PrincipalTag/missing} ${aws:PrincipalTag/empty}
			${aws:TagKeys} ${*} t${*} ${?} ${$} x${*}y t${aws:PrincipalTag/empty}eam`),
			"${aws:PrincipalTag/missing, 'team'}", "${aws:PrincipalTag/missing, 't*'}", "${aws:PrincipalTag/empty, 'team'}",
			"${aws:PrincipalTag/empty, 't*'}", "${aws:PrincipalTag/empty, 'alice'}", "${aws:TagKeys, 'team'}", "${aws:TagKeys, 'Team'}",
			"${aws:CalledVia, 'team'}", "${aws:PrincipalTag/missing, ''}", "${ aws"),
		values: append(words("team team team alice app Team tea * ? $ t* é É x*y x:y ${*} t.am"), ""),
	}
}

func numbers() family {
	return family{
		keys:   words("aws:MultiFactorAuthAge"),
		policy: words("0 1 -1 10 010 2.5 2.50 +3 3600 .5"),
		values: words("0 1 -1 10 10.0 2.5 2.49 3 3600 -0 0.5 10abc 1x 2.5.1 1e3 abc"),
	}
}

func dates() family {
	return family{
		keys:   words("aws:CurrentTime aws:TokenIssueTime"),
		policy: words("2026-01-01T00:00:00Z 2026-01-01T00:00:00Z 2026-01-01T01:00:00+01:00 2026-01 2026-01-01 2026-06-30T12:30Z 2026-01-01T00:00:00.001Z"),
		odd:    words("1767225600 -5 2026 1767225601 1782822600"),
		values: words("2026-01-01T00:00:00Z 2026-06-30T12:30:00Z 2026-06-30T12:30:00.5Z 2025-12-31T23:00:00-01:00 2026-06-30T12:30:00Z 2026-01-01T00:00:00.001Z 2026-01-01 1767225600 1767225601 -5 2026 soon 2026-13-01"),
	}
}

func addresses() family {
	return family{
		keys:   words("aws:SourceIp aws:VpcSourceIp"),
		policy: words("10.0.0.0/16 10.0.0.1 10.0.3.4/8 192.0.2.0/24 10.0.0.1/32 2001:db8::/32 ::/0 2001:db8::1/128 fe80::/10"),
		odd:    words("2001:db8::1 2001:DB8:0::1 ::1 0.0.0.0/0 0.0.0.0/0 0:0:0:0:0:0:0:1"),
		values: words("10.0.0.1 10.0.0.1 10.0.255.255 10.1.0.0 192.0.2.7 2001:db8::1 2001:0db8::1 ::1 2001:db9::1 0.0.0.0 ::ffff:10.0.0.1 ::ffff:10.0.0.1 10.0.0 x fe80::1"),
	}
}

func arns() family {
	return family{
		keys: words("aws:PrincipalArn aws:SourceArn"),
		policy: words(`arn:aws:iam::123456789012:role/ci arn:aws:iam::*:user/* arn:*:iam::123456789012:role/* arn:aws:iam::123456789012:*
			arn:aws:*:*:*:* arn:aws:iam::123456789012:user/?lice arn:aws:iam::1234*:role/CI arn:aws:sqs:*:*:a:b arn:a?s:iam::*:*/ci`),
		odd: append(words(`* arn:aws:iam::123456789012:user/${aws:username} arn:aws:iam::${aws:PrincipalAccount}:role/ci
			arn:aws:iam::999999999999:role/${aws:PrincipalTag/missing} arn:aws:iam::123456789012:role/${aws:PrincipalTag/missing}
			${aws:PrincipalTag/team} arn:aws:iam::123456789012:*${aws:PrincipalTag/empty} arn:aws:iam::123456789012:user/${*}`),
			"arn:aws:iam::123456789012:user/${aws:PrincipalTag/missing, 'alice'}", "arn:aws:iam::${aws:PrincipalTag/missing, '*'}:user/alice"),
		values: words(`arn:aws:iam::123456789012:role/ci arn:aws:iam::123456789012:role/ci arn:aws:iam::123456789012:user/alice
			arn:aws:iam::999999999999:role/ci arn:aws:sqs:eu-central-1:123456789012:a:b arn:aws:iam::123456789012:user/* arn:aws ci`),
	}
}
