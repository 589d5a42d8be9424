package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
)

// twinAuthorization is a simple implementation of the documentation (IAM User Guide, "Create a
// signed AWS API request"), for the path / without a query. It returns the Authorization
// header of a request with the X-Amz-Date in its headers.
func twinAuthorization(method, host string, headers http.Header, body []byte, signedHeaders []string, accessKeyID, secret, region, service string) string {
	canonical := method + "\n/\n\n"
	for _, name := range signedHeaders {
		value := host
		if name != "host" {
			value = headers.Get(name)
		}
		canonical += name + ":" + strings.Join(strings.FieldsFunc(value, func(r rune) bool { return r == ' ' }), " ") + "\n"
	}
	canonical += "\n" + strings.Join(signedHeaders, ";") + "\n" + hashOf(body)
	date := headers.Get("X-Amz-Date")
	scope := date[:8] + "/" + region + "/" + service + "/aws4_request"
	key := []byte("AWS4" + secret)
	for part := range strings.SplitSeq(scope, "/") {
		key = macOf(key, part)
	}
	signature := hex.EncodeToString(macOf(key, "AWS4-HMAC-SHA256\n"+date+"\n"+scope+"\n"+hashOf([]byte(canonical))))
	return "AWS4-HMAC-SHA256 Credential=" + accessKeyID + "/" + scope + ", SignedHeaders=" + strings.Join(signedHeaders, ";") + ", Signature=" + signature
}

func hashOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func macOf(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}
