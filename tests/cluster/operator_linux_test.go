package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"extauthz/tests/bounded"
)

// operatorModule contains the definitions of the resources of the Prometheus operator. It is the
// newest release that the Go module proxy offers.
const operatorModule = "github.com/prometheus-operator/prometheus-operator@v0.85.0"

// operator returns the folder of the module. It downloads the module if it is not there yet.
func operator(ctx context.Context) (folder string, err error) {
	var out, reason bytes.Buffer
	download := exec.Command("go", "mod", "download", "-json", operatorModule)
	download.Stdout, download.Stderr = &out, &reason
	err = bounded.Run(ctx, 10*time.Minute, download)
	var module struct{ Dir, Error string }
	if err = errors.Join(err, json.Unmarshal(out.Bytes(), &module)); err != nil {
		return "", fmt.Errorf("go mod download %s: %s%s (%w)", operatorModule, module.Error, &reason, err)
	}
	return module.Dir, nil
}
