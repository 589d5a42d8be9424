// Package sigv4 verifies requests to the APIs of AWS that are signed with Signature Version 4
// (IAM User Guide, "AWS Signature Version 4 for API requests").
//
// [Parse] checks everything about a signature except itself, and returns which access key it
// claims. [Request.Check] then signs the same request again, with the signer of the AWS SDK
// for Go, and compares the two signatures in constant time.
//
// A valid signature covers the method, the host, the body and the service, the region and the
// time, of which the time differs from now by at most fifteen minutes. It also covers every
// header that an API reads: Content-Type and all X-Amz-* headers, the session token among
// them. Headers that are not signed may have any value, so no API may read them. A proxy must
// forward the Host header unchanged.
//
// This package accepts less than AWS, so that every request has one reading:
//
//   - the path / without a query, as ECR and STS have for a POST;
//   - the signature in the Authorization header, and the time in X-Amz-Date;
//   - each signed header once;
//   - a signed body. UNSIGNED-PAYLOAD is refused.
//
// A request can be sent again within fifteen minutes by someone who has read it. It then gives
// what it gave before.
package sigv4
