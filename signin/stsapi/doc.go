// Package stsapi reads and writes the protocol of AWS STS: AWS's query protocol, whose requests
// are forms and whose answers are XML (STS API Reference, version 2011-06-15). It decides
// nothing.
//
// A parameter that is not known is an error and never ignored, because it could be meant to
// limit a session. So are those for MFA devices, which do not exist here.
package stsapi
