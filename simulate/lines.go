package simulate

import (
	"bufio"
	"errors"
	"io"
)

// maxLine is the largest length of a line, in bytes.
const maxLine = 16 << 20

// eachLine calls output for each line, numbered from 1, and writes the text that it
// returns. A line that is too long is passed without its text. eachLine flushes its
// output before it waits for input.
func eachLine(from io.Reader, to io.Writer, output func(number int, line []byte, tooLong bool) string) error {
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
		if _, err := out.WriteString(output(number, line, tooLong)); err != nil {
			return err
		}
		if in.Buffered() == 0 {
			if err := out.Flush(); err != nil {
				return err
			}
		}
	}
}

// readLine appends the next line to buffer, without its line feed. It skips a line that
// is too long. The error is io.EOF after the last line.
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
