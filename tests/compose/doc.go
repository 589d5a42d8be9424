// Package compose tests examples/compose: it starts the example with Compose, types the commands of
// its README with Docker's own client, and checks what can be reached, what Prometheus reads, and
// that nothing is left.
//
// It uses `docker compose`, or `docker-compose` where that does not exist. Images are those that
// package images finds. Its equivalents of official images have no other programs, so what the
// health checks run is added from this machine. If there is no Docker engine, no Compose or none
// of these programs, the test is skipped; with CI=true it fails.
package compose
