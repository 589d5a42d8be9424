// Package fetch gets small texts from the servers that an operator's files name: the keys of
// issuers, and tokens for registries. A response is trusted as much as the file that names its
// server, so a [Client] requires https, does not follow redirects, and limits time and size.
package fetch
