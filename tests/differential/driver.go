package differential

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// Driver is a running process of the other evaluator.
type Driver struct {
	process *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

// Start runs the driver until Close or the end of ctx.
func Start(ctx context.Context, path string) (*Driver, error) {
	d := &Driver{process: exec.CommandContext(ctx, "node", path)}
	d.process.Stderr = os.Stderr
	var err error
	if d.in, err = d.process.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := d.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	d.out = bufio.NewReader(out)
	return d, d.process.Start()
}

// Close ends the process.
func (d *Driver) Close() error {
	return errors.Join(d.in.Close(), d.process.Wait())
}

// Send sends questions, whose answers Receive returns. The process works on them in the
// meantime.
func (d *Driver) Send(cases []*Case) error {
	simulations := make([]*simulation, len(cases))
	for i, k := range cases {
		simulations[i] = k.simulation()
	}
	return json.NewEncoder(d.in).Encode(simulations)
}

// Receive returns the answers to the questions of the last Send, in their order: the text
// of an iam.Decision, or "refused: " and the reason.
func (d *Driver) Receive(n int) (answers []string, err error) {
	line, err := d.out.ReadBytes('\n')
	if err != nil {
		return nil, fmt.Errorf("the driver ended: %w", err)
	}
	if err := json.Unmarshal(line, &answers); err != nil {
		return nil, err
	}
	if len(answers) != n {
		return nil, fmt.Errorf("the driver gave %d answers to %d questions", len(answers), n)
	}
	return answers, nil
}

// Ask returns the answer to one question.
func (d *Driver) Ask(k *Case) (string, error) {
	if err := d.Send([]*Case{k}); err != nil {
		return "", err
	}
	answers, err := d.Receive(1)
	if err != nil {
		return "", err
	}
	return answers[0], nil
}
