// Package strictjson reads the JSON that operators write or save. It refuses what other
// readers accept or read differently: a name that an object has twice, a name in another
// case, a byte that is not UTF-8, and text after the value. The caller of a [Reader]
// decides which members an object may have. Every error is a [diag.Diagnostic] or, where
// reading goes on after a fault, a [diag.List].
package strictjson
