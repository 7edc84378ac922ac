package docker

import (
	"bytes"
	"io"
	"time"
	"unicode/utf8"

	"croft/pipeline"
)

// maxLine is where a line without an end is split in two.
const maxLine = 64 << 10

// output turns what a container writes into masked whole lines for the sink.
// It belongs to one goroutine.
type output struct {
	sink           pipeline.LogSink
	now            func() time.Time
	mask           *masker
	stdout, stderr *lines
	err            error // the sink's first error; nothing is written after it
}

func newOutput(sink pipeline.LogSink, secrets []string, now func() time.Time) *output {
	o := &output{sink: sink, now: now, mask: newMasker(secrets)}
	o.stdout = &lines{out: o, stream: "stdout"}
	o.stderr = &lines{out: o, stream: "stderr"}
	return o
}

// note writes a line of Croft's own into the log.
func (o *output) note(line string) {
	o.write("stderr", append(o.mask.mask([]byte("Croft: "), []byte(line)), '\n'))
}

// flush writes the last lines that had no end.
func (o *output) flush() {
	o.stdout.flush()
	o.stderr.flush()
}

func (o *output) write(stream string, p []byte) {
	if o.err == nil && len(p) > 0 {
		o.err = o.sink.WriteLog(o.now(), stream, p)
	}
}

// lines is one stream of a container on its way to the sink.
type lines struct {
	out    *output
	stream string
	buf    []byte // the line that has not ended yet
	taken  int64  // bytes received, for taking up a broken stream
	ends   int64  // lines received, likewise
	skip   int64  // bytes to leave out because they were received before
}

var _ io.Writer = (*lines)(nil)

// Write takes a piece of the stream. It fails only when the sink does.
func (l *lines) Write(p []byte) (int, error) {
	n := len(p)
	p = l.unseen(p)
	l.taken += int64(len(p))
	l.buf = append(l.buf, p...)
	var whole []byte
	rest := l.buf
	for {
		line, used := l.next(rest)
		if used == 0 {
			break
		}
		whole = append(l.out.mask.mask(whole, line), '\n')
		rest = rest[used:]
	}
	l.buf = append(l.buf[:0], rest...)
	l.out.write(l.stream, whole)
	return n, l.out.err
}

// next finds the first line in p, or the first part of a line that is too long, and how many
// bytes it takes with its end; none when it takes more of the stream to tell.
func (l *lines) next(p []byte) (line []byte, used int) {
	if end := bytes.IndexByte(p, '\n'); end >= 0 {
		line, used = bytes.TrimSuffix(p[:end], []byte("\r")), end+1
		if len(line) <= maxLine {
			l.ends++
			return line, used
		}
	} else if line = p; len(p) < maxLine+l.out.mask.longest+utf8.UTFMax {
		return nil, 0
	}
	cut := l.split(line)
	if cut == len(line) && used > 0 {
		l.ends++
		return line, used
	}
	return line[:cut], cut
}

// split says where to cut a line that is too long: not in a secret, nor in a character.
func (l *lines) split(line []byte) int {
	cut := maxLine
	for range utf8.UTFMax - 1 {
		if utf8.RuneStart(line[cut]) {
			break
		}
		cut--
	}
	return l.out.mask.cut(line, cut)
}

// unseen drops what a stream that was taken up again repeats.
func (l *lines) unseen(p []byte) []byte {
	drop := min(l.skip, int64(len(p)))
	l.skip -= drop
	return p[drop:]
}

// flush writes what is left when the stream has ended.
func (l *lines) flush() {
	var last []byte
	for len(l.buf) > maxLine {
		cut := l.split(l.buf)
		last = append(l.out.mask.mask(last, l.buf[:cut]), '\n')
		l.buf = l.buf[cut:]
	}
	l.out.write(l.stream, l.out.mask.mask(last, l.buf))
	l.buf = nil
}
