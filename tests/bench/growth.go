package main

import (
	"context"
	"errors"
	"fmt"

	"extauthz/tests/bench/drive"
	"extauthz/tests/bench/result"
	"extauthz/tests/bench/workload"
)

// growthSizes are the numbers of statements under which the growth is measured.
var growthSizes = [...]int{10, 100, 1000, 10_000, 100_000}

const (
	growthRounds  = 3
	growthChecks  = 64 // few, because a decision of an earlier commit may take long
	growthStreams = 4
)

// growthWorkload returns the name of a workload of growth.
func growthWorkload(shape workload.Shape, statements int) string {
	return fmt.Sprintf("misses, %s, %d statements", shape, statements)
}

// measureGrowth measures misses with more and more statements of each shape. The callers are
// those that most of the statements are about.
func (b *bench) measureGrowth() error {
	for _, shape := range workload.Shapes {
		for _, statements := range growthSizes {
			if shape == workload.OneRepository && statements > workload.MaxOneRepository {
				continue
			}
			if name := growthWorkload(shape, statements); b.wanted(name) {
				b.progress("%s", name)
				if err := b.grow(name, shape, statements); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
			}
		}
	}
	return nil
}

// grow measures misses with policies of one shape and size.
func (b *bench) grow(name string, shape workload.Shape, statements int) (err error) {
	policies, err := b.policies(shape, statements)
	if err != nil {
		return err
	}
	traffic := b.traffic(policies, workload.Certificate)
	traffic.Checks, traffic.Hot = growthChecks, shape != workload.Spread
	checks, err := traffic.Generate()
	if err != nil {
		return err
	}
	if err := b.stopServers(); err != nil { // those of the last size
		return err
	}
	var servers []*server
	for _, p := range b.programs {
		s, err := b.start(p, b.folder(policies), withoutLog)
		if err != nil {
			return err
		}
		b.run.Declare(name, s.name, result.CPU)
		servers = append(servers, s)
	}
	for range growthRounds {
		for _, i := range b.random.Perm(len(servers)) {
			load := &drive.Load{Checks: checks, Fresh: true, AllowsAll: !servers[i].decides}
			tally, usage, err := b.use(servers[i], func(ctx context.Context, client *drive.Client) *drive.Tally {
				return client.Closed(ctx, load, growthStreams, b.slot/2)
			}, load)
			if err != nil {
				return errors.Join(fmt.Errorf("server %s", servers[i].name), err)
			}
			b.run.Add(name, servers[i].name, result.CPU, micros(usage.cpu)/float64(tally.Checks))
		}
	}
	return nil
}
