package s3api

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"net/http"
	"time"

	"croft/objectstore/query"
)

// errClientGone says that nobody takes what is sent.
var errClientGone = errors.New("the client does not take any more")

// quietAtMost is how long nothing is sent at most while records are looked for.
const quietAtMost = 2 * time.Second

// maxEvent bounds the payload of one message, in bytes, as in S3.
const maxEvent = 1 << 20

// eventStream answers with messages in AWS's framing: lengths, headers, payload, and the
// checksums of both. The answer begins with the first of them.
type eventStream struct {
	w        http.ResponseWriter
	progress bool
	begun    bool
	quiet    time.Time // since when nothing was sent
	message  []byte
}

var _ query.Sink = (*eventStream)(nil)

// Records implements query.Sink.
func (s *eventStream) Records(p []byte) error {
	for len(p) > 0 {
		n := min(len(p), maxEvent)
		if err := s.send(p[:n], ":message-type", "event", ":event-type", "Records", ":content-type", "application/octet-stream"); err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

// Going implements query.Sink: it keeps the connection from looking dead.
func (s *eventStream) Going(is query.Stats) error {
	if time.Since(s.quiet) < quietAtMost {
		return nil
	}
	if s.progress {
		return s.stats("Progress", is)
	}
	return s.send(nil, ":message-type", "event", ":event-type", "Cont")
}

// end says how much was read, and that this is all.
func (s *eventStream) end(is query.Stats) error {
	if s.progress {
		if err := s.stats("Progress", is); err != nil {
			return err
		}
	}
	if err := s.stats("Stats", is); err != nil {
		return err
	}
	return s.send(nil, ":message-type", "event", ":event-type", "End")
}

func (s *eventStream) stats(kind string, is query.Stats) error {
	text := fmt.Sprintf("%s<%s><BytesScanned>%d</BytesScanned><BytesProcessed>%d</BytesProcessed><BytesReturned>%d</BytesReturned></%s>",
		xmlHead, kind, is.Scanned, is.Processed, is.Returned, kind)
	return s.send([]byte(text), ":message-type", "event", ":event-type", kind, ":content-type", "text/xml")
}

// fail ends the stream with an error.
func (s *eventStream) fail(code, message string) error {
	return s.send(nil, ":message-type", "error", ":error-code", code, ":error-message", message)
}

// send sends a message. headers are names and values in turn.
func (s *eventStream) send(payload []byte, headers ...string) error {
	if !s.begun {
		s.begun = true
		s.w.Header().Set("Content-Type", "application/octet-stream")
		s.w.WriteHeader(http.StatusOK)
	}
	m := append(s.message[:0], make([]byte, 12)...)
	for i := 0; i < len(headers); i += 2 {
		m = append(append(m, byte(len(headers[i]))), headers[i]...)
		m = append(m, 7) // a string follows
		m = binary.BigEndian.AppendUint16(m, uint16(len(headers[i+1])))
		m = append(m, headers[i+1]...)
	}
	binary.BigEndian.PutUint32(m[4:], uint32(len(m)-12))
	m = append(m, payload...)
	binary.BigEndian.PutUint32(m, uint32(len(m)+4))
	binary.BigEndian.PutUint32(m[8:], crc32.ChecksumIEEE(m[:8]))
	m = binary.BigEndian.AppendUint32(m, crc32.ChecksumIEEE(m))
	s.message, s.quiet = m, time.Now()
	if _, err := s.w.Write(m); err != nil {
		return errClientGone
	}
	if err := http.NewResponseController(s.w).Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return errClientGone
	}
	return nil
}
