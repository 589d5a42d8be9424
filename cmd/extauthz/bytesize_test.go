package main

import "testing"

func TestByteSize(t *testing.T) {
	for text, want := range map[string]byteSize{"1": 1, "4096": 4096, "64KiB": 64 << 10, "512MiB": 512 << 20, "2GiB": 2 << 30} {
		var got byteSize
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%s: %d, %v; want %d", text, got, err, want)
		}
		written, _ := got.MarshalText()
		var again byteSize
		if err := again.UnmarshalText(written); err != nil || again != got {
			t.Errorf("%s has the text %s, which is parsed as %d, %v", text, written, again, err)
		}
	}
	for _, text := range []string{"", "0", "-1", "MiB", "1.5GiB", "1MB", "1 GiB", "99999999999GiB", "99999999999999999999"} {
		if err := new(byteSize).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}
