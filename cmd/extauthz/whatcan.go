package main

import "extauthz/simulate"

func whatCanUsage() command {
	return command{
		name: "what-can", summary: "list what a principal may do",
		usage:    []string{"PRINCIPAL --policies DIR"},
		example:  "arn:aws:iam::123456789012:user/alice --policies policies --format json",
		negative: "the principal may do nothing",
		flags:    new(accessCommand).declare, run: whatCan,
	}
}

// whatCan prints what a principal may do.
func whatCan(in *invocation) error {
	c := new(accessCommand)
	arguments, s, d, err := c.parse(in, "PRINCIPAL")
	if err != nil {
		return err
	}
	r, err := simulate.FindRegistry(s, c.registry)
	if err != nil {
		return inputError{err}
	}
	evaluating := in.begin(evaluatingPolicies)
	w, err := d.WhatCan(r, arguments[0])
	evaluating.end()
	if err != nil {
		return inputError{err}
	}
	return printAnswer(in.stdout, c.format, w, !w.HasAccess())
}
