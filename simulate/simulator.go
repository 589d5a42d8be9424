package simulate

import (
	"encoding/json"
	"io"

	"extauthz/diag"
	"extauthz/strictjson"
)

// A Simulator reads inputs of SimulateCustomPolicy. It caches compiled policies, and is
// not for concurrent use. The zero Simulator is ready for use.
type Simulator struct{ compiler compiler }

// An Input is a valid input of a simulation.
type Input struct {
	ID          json.RawMessage // nil if the input has none
	Evaluations []Evaluation
}

// Read reads one input. Errors name it source. They are a [diag.Diagnostic] or a
// [diag.List].
func (s *Simulator) Read(source string, text []byte) (*Input, error) {
	input, err := s.readAt(source, 1, text)
	if err != nil {
		return nil, err
	}
	return input, nil
}

// readAt reads an input whose first line has the given number. With an error it returns the
// ID, if the input is an object that has one.
func (s *Simulator) readAt(source string, line int, text []byte) (*Input, error) {
	reader, err := strictjson.NewReader(diag.File(source), diag.Point{Line: int32(line), Column: 1}, text)
	if err != nil {
		return new(Input), err
	}
	in := &inputReader{reader: reader, compiler: &s.compiler}
	if err := in.read(); err != nil {
		return &Input{ID: in.id}, err
	}
	evaluations, err := in.evaluations()
	return &Input{in.id, evaluations}, err
}

// invalidInput is the output for an input that is not valid.
type invalidInput struct {
	ID    json.RawMessage `json:"Id,omitempty"`
	Error string
}

// Lines reads an input from each line. For each it writes a line with the results, or
// with an object that has a member Error. It has one line in memory at a time, and
// flushes its output before it waits for input. It fails only if reading or writing
// fails.
func (s *Simulator) Lines(source string, from io.Reader, to io.Writer) error {
	return eachLine(from, to, func(number int, line []byte, tooLong bool) string {
		return s.line(source, number, line, tooLong)
	})
}

// line returns the output line for one input line.
func (s *Simulator) line(source string, number int, line []byte, tooLong bool) string {
	if tooLong {
		return encode(invalidInput{Error: diag.New(diag.File(source).At(diag.Point{Line: int32(number), Column: 1}), "the line is longer than 16 MiB", "split the input").Error()}, "")
	}
	input, err := s.readAt(source, number, line)
	if err != nil {
		return encode(invalidInput{input.ID, err.Error()}, "")
	}
	return encode(Simulate(input.ID, input.Evaluations), "")
}
