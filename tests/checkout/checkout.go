package checkout

import (
	"path/filepath"
	"runtime"
)

// Root returns the checkout.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}

// Tests returns the folder of the module of the tests.
func Tests() string { return filepath.Join(Root(), "tests") }

// Cache returns the folder for what is built and fetched once.
func Cache() string { return filepath.Join(Root(), ".cache") }
