// Package containers runs the whole system in containers: the image of extauthz that is shipped,
// Envoy with one of the example configurations, and a registry, on a network of their own.
//
// A client runs there as well: [Containers.Crane] reaches Envoy by its name on that network.
//
// It implements [stack.Stack], so that the end-to-end scenarios run against containers as they do
// against processes.
package containers
