package main

import (
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
	"strconv"
	"time"
)

// Package net/http/pprof would make the program 240 kB larger, for what go tool pprof does not
// read: differences between two profiles, and symbols.

// maxRecording limits how long a profile of the processor, or a trace, is recorded.
const maxRecording = 5 * time.Minute

// listProfiles lists the profiles that serveProfile serves.
func listProfiles(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintln(w, "profile?seconds=30\ntrace?seconds=1")
	for _, p := range pprof.Profiles() {
		fmt.Fprintln(w, p.Name())
	}
}

// serveProfile serves the profile that the path names, for go tool pprof or go tool trace. The
// query may contain seconds for profile and trace, and for other profiles debug=1 for text, and
// gc=1 to collect garbage first.
func serveProfile(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Type", "application/octet-stream")
	name := r.PathValue("name")
	switch name {
	case "profile":
		record(w, r, 30*time.Second, func() error { return pprof.StartCPUProfile(w) }, pprof.StopCPUProfile)
		return
	case "trace":
		record(w, r, time.Second, func() error { return trace.Start(w) }, trace.Stop)
		return
	}
	p := pprof.Lookup(name)
	if p == nil {
		http.Error(w, "this profile does not exist; /debug/pprof/ lists those that do", http.StatusNotFound)
		return
	}
	if r.FormValue("gc") == "1" {
		runtime.GC()
	}
	debug, _ := strconv.Atoi(r.FormValue("debug")) // 0, the binary format, for everything else
	if debug > 0 {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	}
	_ = p.WriteTo(w, debug) // fails only if the client has closed the connection
}

// record records until the time of the query is over, or the client has closed the connection.
func record(w http.ResponseWriter, r *http.Request, usual time.Duration, start func() error, stop func()) {
	length := usual
	if text := r.FormValue("seconds"); text != "" {
		seconds, err := strconv.ParseFloat(text, 64)
		if length = time.Duration(seconds * float64(time.Second)); err != nil || !(seconds > 0) || length <= 0 || length > maxRecording {
			http.Error(w, fmt.Sprintf("seconds must be a number up to %v", maxRecording.Seconds()), http.StatusBadRequest)
			return
		}
	}
	// The server's limits are shorter. That on reading would end the request's context.
	connection, end := http.NewResponseController(w), time.Now().Add(length+time.Minute)
	if err := errors.Join(connection.SetReadDeadline(end), connection.SetWriteDeadline(end)); err != nil {
		http.Error(w, "the connection has no deadline", http.StatusInternalServerError)
		return
	}
	if err := start(); err != nil { // another client is recording
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	defer stop()
	select {
	case <-time.After(length):
	case <-r.Context().Done():
	}
}
