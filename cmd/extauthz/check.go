package main

import (
	"context"
	"time"

	"extauthz/authz"
	"extauthz/decisionlog"
)

// checks answers Envoy's checks.
type checks struct {
	checker authz.Checker
	log     *decisionlog.Log
	metrics *metrics
}

// answer decides a request, logs the decision and counts it. If the decision
// must be logged and cannot be, the request is refused whatever was decided.
func (c *checks) answer(ctx context.Context, r *authz.Request) *authz.Result {
	start := time.Now()
	result := c.checker.Check(ctx, r)
	if err := c.log.Record(ctx, result, time.Since(start)); err != nil {
		result = authz.Unavailable(decisionlog.ErrNotWritten.Error())
	}
	c.metrics.observe(result, time.Since(start))
	return result
}
