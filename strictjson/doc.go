// Package strictjson reads JSON that operators write or save: strictly, so that
// nothing in it is passed over, and with positions, so that an error can name
// the line. encoding/json alone takes a name in any case, keeps the last of two
// equal names, and forgets where they stood.
//
// The one file is reader.go.
package strictjson
