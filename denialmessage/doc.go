// Package denialmessage writes and reads encoded authorization messages: the reason for a denial,
// encrypted so that only the operator can read it. AWS's counterpart is
// sts:DecodeAuthorizationMessage (AWS STS API Reference).
//
//	Message ─▶ Encoder.Encode ─▶ text in the answer ─▶ Decode ─▶ Message
//	           public keys                            secret key
//
// A text is base64url of an age file (https://age-encryption.org/v1) for X25519 recipients. The
// process that writes a message has no key that reads it.
//
// Every message of an encoder has the same length, whatever it describes, so that its length
// reveals nothing about the policies, although the content is compressed and a client chooses a
// part of it. What does not fit is cut, and the message names what is cut.
//
// An encoder limits how many messages it writes, so that denials stay cheap.
package denialmessage
