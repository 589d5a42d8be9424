package images

import (
	"bytes"
	"context"
	"debug/elf"
	"fmt"
	"os/exec"
	"regexp"
	"slices"

	"extauthz/tests/bounded"
)

// libraryLine matches the path of a library or of the loader in the output of ldd.
var libraryLine = regexp.MustCompile(`(?m)^\t(?:\S+ => )?(/\S+) \(0x`)

// Libraries returns the paths of the shared libraries of a program of this machine, and of its
// loader. A static program has neither.
func Libraries(ctx context.Context, program string) ([]string, error) {
	if static, err := isStatic(program); static || err != nil {
		return nil, err
	}
	var out bytes.Buffer
	ldd := exec.Command("ldd", program)
	ldd.Stdout, ldd.Stderr = &out, &out
	if err := bounded.Run(ctx, answerLimit, ldd); err != nil {
		return nil, fmt.Errorf("ldd %s: %w: %s", program, err, &out)
	}
	var paths []string
	for _, match := range libraryLine.FindAllStringSubmatch(out.String(), -1) {
		paths = append(paths, match[1])
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("ldd %s printed no library: %s", program, &out)
	}
	return paths, nil
}

// isStatic reports whether a program needs no loader.
func isStatic(program string) (bool, error) {
	file, err := elf.Open(program)
	if err != nil {
		return false, fmt.Errorf("%s: %w", program, err)
	}
	defer file.Close()
	return !slices.ContainsFunc(file.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }), nil
}
