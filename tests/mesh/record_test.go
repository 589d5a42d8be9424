package mesh

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"extauthz/goldentest"
)

// write writes a file.
func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// listens waits until a server listens at the address.
func listens(address string) error {
	for limit := time.Now().Add(readyLimit); ; time.Sleep(50 * time.Millisecond) {
		connection, err := net.Dial("tcp", address)
		if err == nil {
			return connection.Close()
		}
		if time.Now().After(limit) {
			return err
		}
	}
}

// A recording is what Envoy received from a control plane: the listeners with an ext_authz filter,
// and the routes.
type recording struct {
	Listeners []any `json:"listeners"`
	Routes    []any `json:"routes"`
}

// configDump returns the configuration of Envoy.
func configDump(t *testing.T, admin string) string {
	t.Helper()
	response, err := http.Get(admin + "/config_dump")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// record compares the file of a control plane with the configuration of Envoy.
func record(t *testing.T, name, admin string) {
	t.Helper()
	var dump struct {
		Configs []struct {
			DynamicListeners []struct {
				ActiveState struct{ Listener any } `json:"active_state"`
			} `json:"dynamic_listeners"`
			DynamicRouteConfigs []struct {
				RouteConfig any `json:"route_config"`
			} `json:"dynamic_route_configs"`
		}
	}
	if err := json.Unmarshal([]byte(configDump(t, admin)), &dump); err != nil {
		t.Fatal(err)
	}
	var recorded recording
	for _, config := range dump.Configs {
		for _, l := range config.DynamicListeners {
			if encoded, _ := json.Marshal(l.ActiveState.Listener); strings.Contains(string(encoded), "ext_authz") {
				recorded.Listeners = append(recorded.Listeners, l.ActiveState.Listener)
			}
		}
		for _, r := range config.DynamicRouteConfigs {
			recorded.Routes = append(recorded.Routes, r.RouteConfig)
		}
	}
	encoded, err := json.MarshalIndent(recorded, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	goldentest.Compare(t, filepath.Join("testdata", name+".json"), string(encoded)+"\n")
}
