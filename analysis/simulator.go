package analysis

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"

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
// *strictjson.Error.
func (s *Simulator) Read(source string, text []byte) (*Simulation, error) {
	return s.readAt(source, 1, text)
}

// readAt reads an input whose first line has the given number.
func (s *Simulator) readAt(source string, line int, text []byte) (*Simulation, error) {
	reader, err := strictjson.NewReader(source, line, text)
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

// maxLine bounds one line of a stream of inputs, in bytes.
const maxLine = 16 << 20

// Lines reads an input from each line and writes the results, or an object with
// Error, as one line each, in order. It keeps one line in memory at a time, and
// what it has written is flushed before it waits for more. It fails only where
// reading or writing does.
func (s *Simulator) Lines(source string, from io.Reader, to io.Writer) error {
	in, out := bufio.NewReaderSize(from, 64<<10), bufio.NewWriterSize(to, 64<<10)
	var buffer []byte
	for number := 1; ; number++ {
		line, tooLong, err := readLine(in, buffer[:0])
		if errors.Is(err, io.EOF) {
			return out.Flush()
		}
		if err != nil {
			return errors.Join(err, out.Flush())
		}
		buffer = line
		if _, err := out.WriteString(s.line(source, number, line, tooLong)); err != nil {
			return err
		}
		if in.Buffered() == 0 {
			if err := out.Flush(); err != nil {
				return err
			}
		}
	}
}

// line is the output line for one input line.
func (s *Simulator) line(source string, number int, line []byte, tooLong bool) string {
	if tooLong {
		return encode(refusal{Error: (&strictjson.Error{Source: source, Line: number, Column: 1, Message: "the line is longer than 16 MiB; ask for less at a time"}).Error()}, "")
	}
	simulation, err := s.readAt(source, number, line)
	if err != nil {
		return encode(refusal{idOf(line), err.Error()}, "")
	}
	return encode(Simulate(simulation.ID, simulation.Questions), "")
}

// readLine appends the next line to buffer, without its line feed. A line that
// is too long is skipped. The error is io.EOF after the last line.
func readLine(in *bufio.Reader, buffer []byte) (line []byte, tooLong bool, err error) {
	for {
		piece, err := in.ReadSlice('\n')
		if tooLong = tooLong || len(buffer)+len(piece) > maxLine; !tooLong {
			buffer = append(buffer, piece...)
		}
		switch {
		case err == nil:
			return trimLineFeed(buffer), tooLong, nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && (len(buffer) > 0 || tooLong):
			return buffer, tooLong, nil
		default:
			return nil, false, err
		}
	}
}

func trimLineFeed(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		return line[:n-1]
	}
	return line
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
