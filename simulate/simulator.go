package simulate

import (
	"encoding/json"
	"io"

	"extauthz/diag"
	"extauthz/strictjson"
)

// A Simulator reads the inputs of simulations. It remembers policies that it
// has compiled; it is not for concurrent use. The zero Simulator is ready.
type Simulator struct{ compiler compiler }

// A Simulation is an input that was understood.
type Simulation struct {
	ID        json.RawMessage // nil: the input has none
	Questions []Question
}

// Read reads one input; source is what errors call it. The error is a
// diag.Diagnostic, or a diag.List.
func (s *Simulator) Read(source string, text []byte) (*Simulation, error) {
	return s.readAt(source, 1, text)
}

// readAt reads an input whose first line has the given number.
func (s *Simulator) readAt(source string, line int, text []byte) (*Simulation, error) {
	reader, err := strictjson.NewReader(diag.File(source), diag.Point{Line: line, Column: 1}, text)
	if err != nil {
		return nil, err
	}
	in := &input{reader: reader, compiler: &s.compiler}
	if err := in.read(); err != nil {
		return nil, err
	}
	questions, err := in.questions()
	if err != nil {
		return nil, err
	}
	return &Simulation{in.id, questions}, nil
}

// refusal is the line for an input that is refused.
type refusal struct {
	ID    json.RawMessage `json:"Id,omitempty"`
	Error string
}

// Lines reads an input from each line and writes the results, or an object with
// Error, as one line each, in order. It keeps one line in memory at a time, and
// what it has written is flushed before it waits for more. It fails only where
// reading or writing does.
func (s *Simulator) Lines(source string, from io.Reader, to io.Writer) error {
	return eachLine(from, to, func(number int, line []byte, tooLong bool) string {
		return s.line(source, number, line, tooLong)
	})
}

// line is the output line for one input line.
func (s *Simulator) line(source string, number int, line []byte, tooLong bool) string {
	if tooLong {
		return encode(refusal{Error: diag.New(diag.File(source).At(diag.Point{Line: number, Column: 1}), "the line is longer than 16 MiB", "ask for less at a time").Error()}, "")
	}
	simulation, err := s.readAt(source, number, line)
	if err != nil {
		return encode(refusal{idOf(line), err.Error()}, "")
	}
	return encode(Simulate(simulation.ID, simulation.Questions), "")
}

// idOf finds the Id of an input that is refused, nil if it has none that can be
// read.
func idOf(text []byte) json.RawMessage {
	var fields map[string]json.RawMessage
	if json.Unmarshal(text, &fields) != nil {
		return nil
	}
	return fields["Id"]
}
