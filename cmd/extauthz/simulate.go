package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"extauthz/simulate"
)

// runSimulate decides inputs of SimulateCustomPolicy, or questions to a policy
// directory. A denial is an answer like any other.
func runSimulate(in *invocation) error {
	c, flags := new(simulation), newFlags()
	c.declare(flags)
	files, err := parseMixed(flags, in)
	if err != nil {
		return err
	}
	if c.policies != "" {
		return c.askDirectory(in, files)
	}
	if err := c.checkWithoutDirectory(flags, files); err != nil {
		return err
	}
	source, from, err := openInput(in, files)
	if err != nil {
		return inputError{err}
	}
	defer from.Close()
	if c.jsonl {
		return new(simulate.Simulator).Lines(source, from, in.stdout)
	}
	return c.answerInput(in, source, from)
}

// openInput opens the file, or standard input where none or - is named.
func openInput(in *invocation, files []string) (source string, from io.ReadCloser, err error) {
	if len(files) == 0 || files[0] == "-" {
		return "standard input", io.NopCloser(in.stdin), nil
	}
	from, err = os.Open(files[0])
	return files[0], from, err
}

// maxInput bounds an input that is not a line of many, in bytes.
const maxInput = 64 << 20

// readInput reads all of an input.
func readInput(source string, from io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(from, maxInput+1))
	if err == nil && len(text) > maxInput {
		err = fmt.Errorf("longer than %d MiB; ask for less at a time", maxInput>>20)
	}
	if err != nil {
		return nil, inputErrorf("%s: %w", source, err)
	}
	return text, nil
}

func (c *simulation) answerInput(in *invocation, source string, from io.Reader) error {
	text, err := readInput(source, from)
	if err != nil {
		return err
	}
	read, err := new(simulate.Simulator).Read(source, text)
	if err != nil {
		return inputError{err}
	}
	if c.explain {
		return explain(in.stdout, read.Questions)
	}
	_, err = io.WriteString(in.stdout, simulate.Simulate(read.ID, read.Questions).String())
	return err
}

// explain writes the questions' explanations, an empty line between two.
func explain(to io.Writer, questions []simulate.Question) error {
	for i := range questions {
		if i > 0 {
			if _, err := fmt.Fprintln(to); err != nil {
				return err
			}
		}
		if err := questions[i].Explain(to); err != nil {
			return err
		}
	}
	return nil
}

// askDirectory answers what the flags ask of a policy directory.
func (c *simulation) askDirectory(in *invocation, files []string) error {
	if err := c.checkInquiry(files); err != nil {
		return err
	}
	snapshot, err := loadDirectory(c.policies)
	if err != nil {
		return inputErrorf("--policies %w", err)
	}
	if c.inquiry.Time.IsZero() {
		c.inquiry.Time = time.Now()
	}
	answer, err := c.inquiry.Ask(snapshot)
	if err != nil {
		return inputError{err}
	}
	if !c.explain {
		_, err = io.WriteString(in.stdout, simulate.Simulate(nil, answer.Questions).String())
		return err
	}
	if err := explain(in.stdout, answer.Questions); err != nil || answer.Result == nil {
		return err
	}
	return explainResult(in.stdout, &c.inquiry, answer)
}

// explainResult says what the client would be answered.
func explainResult(to io.Writer, i *simulate.Inquiry, a *simulate.Answer) error {
	verdict := "forwarded"
	if !a.Result.Answer.Allowed {
		verdict = fmt.Sprintf("answered with %d: %s", a.Result.Answer.Status, a.Result.Reason)
	}
	_, err := fmt.Fprintf(to, "\n%s: %s %s is %s\n", a.Result.Decision, i.Method, i.Path, verdict)
	return err
}
