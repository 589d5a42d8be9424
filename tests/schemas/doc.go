// Package schemas compares the JSON Schemas for editors with what the program accepts: the keys of
// every file, which of them are required, and every kind of value. It also checks that the schema
// of the decision log accepts its lines and no others.
package schemas
