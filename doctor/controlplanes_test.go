package doctor

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestFiles checks the example for Envoys that read files.
func TestFiles(t *testing.T) {
	files, err := filepath.Glob("../examples/mesh/xds/files/*.yaml")
	if err != nil || len(files) < 3 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	var c Config
	for _, file := range append(files, "../examples/mesh/xds/envoy.yaml") {
		if err := c.Add(file, []byte(read(t, file))); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range Check(&c, optionsFor(t, "../examples/mesh/xds/policies")) {
		t.Error(f.Text())
	}
}

// TestControlPlanes checks what the control planes of the examples send to Envoy, as recorded
// in tests/mesh.
func TestControlPlanes(t *testing.T) {
	cases := []struct {
		file, policies string
		want           []code
	}{
		{"../tests/mesh/testdata/gateway.json", "../examples/mesh/envoy-gateway/policies", []code{queryLogged}},
		{"../tests/mesh/testdata/istio.json", "../examples/mesh/istio/policies", []code{noRetry}},
	}
	for _, test := range cases {
		t.Run(test.file, func(t *testing.T) {
			var got []code
			all := findings(t, dump(t, test.file), optionsFor(t, test.policies))
			for _, f := range all {
				got = append(got, code(f.Code))
			}
			if slices.Sort(got); !slices.Equal(slices.Compact(got), test.want) {
				t.Errorf("findings %v, want %v", all, test.want)
			}
		})
	}
}

// dump returns a recording as a config dump.
func dump(t *testing.T, file string) string {
	t.Helper()
	recording, err := parse(file, []byte(read(t, file)))
	if err != nil {
		t.Fatal(err)
	}
	text := read(t, file)
	listeners, routes, found := strings.Cut(text, `"routes": [`)
	if !found || len(recording.get("listeners").list()) != 1 || len(recording.get("routes").list()) != 1 {
		t.Fatalf("%s is not a recording of one listener and its routes", file)
	}
	_, listeners, _ = strings.Cut(listeners, `"listeners": [`)
	listeners = listeners[:strings.LastIndex(listeners, "]")]
	routes = routes[:strings.LastIndex(routes, "]")]
	return fmt.Sprintf(`{"configs": [
		{"@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump", "dynamic_listeners": [{"active_state": {"listener": %s}}]},
		{"@type": "type.googleapis.com/envoy.admin.v3.RoutesConfigDump", "dynamic_route_configs": [{"route_config": %s}]}]}`, listeners, routes)
}
