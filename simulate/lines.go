package simulate

import (
	"bufio"
	"errors"
	"io"
)

// maxLine bounds one line of a stream of inputs, in bytes.
const maxLine = 16 << 20

// eachLine writes what answer gives for each line, which includes its own line
// feed, in order. Lines are numbered from 1; one that is too long comes without
// its text. What is written is flushed before eachLine waits for more.
func eachLine(from io.Reader, to io.Writer, answer func(number int, line []byte, tooLong bool) string) error {
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
		if _, err := out.WriteString(answer(number, line, tooLong)); err != nil {
			return err
		}
		if in.Buffered() == 0 {
			if err := out.Flush(); err != nil {
				return err
			}
		}
	}
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
