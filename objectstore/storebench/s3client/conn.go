package s3client

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http/httputil"
	"strconv"
	"time"
)

const (
	// patience is how long one request may take.
	patience = 2 * time.Minute
	// inlineBody is the largest body that travels in one write with its header.
	inlineBody = 64 << 10
	chunkSize  = 256 << 10
)

// Body is what a request carries: Size bytes, in pieces.
type Body struct {
	Size   int64
	Pieces iter.Seq[[]byte]
}

// response is an answer whose body has not been read.
type response struct {
	status  int
	length  int64 // -1: chunked
	hasBody bool
	etag    bool // one was sent
}

// send writes one request and reads the answer's header.
func (c *Client) send(method, path, query string, extra string, body Body) (response, error) {
	now := time.Now()
	if err := c.conn.SetDeadline(now.Add(patience)); err != nil {
		return response{}, err
	}
	out := append(c.out[:0], method...)
	out = append(append(out, ' '), path...)
	if query != "" {
		out = append(append(out, '?'), query...)
	}
	out = append(out, " HTTP/1.1\r\n"...)
	out = c.sign.appendHeaders(out, method, path, query, now)
	if body.Pieces != nil {
		out = append(out, "Content-Length: "...)
		out = append(strconv.AppendInt(out, body.Size, 10), "\r\n"...)
	}
	out = append(append(out, extra...), "\r\n"...)
	inline := body.Pieces != nil && body.Size <= inlineBody
	if inline {
		for piece := range body.Pieces {
			out = append(out, piece...)
		}
	}
	c.out = out
	_, err := c.conn.Write(out)
	if err == nil && body.Pieces != nil && !inline {
		for piece := range body.Pieces {
			if _, err = c.conn.Write(piece); err != nil {
				break
			}
		}
	}
	// A server that refuses in the middle of a body has said why.
	r, readErr := c.readHeader(method)
	switch {
	case readErr == nil && (err == nil || r.status >= 300):
		return r, nil
	case err != nil:
		return response{}, fmt.Errorf("send %s %s: %w", method, path, err)
	}
	return response{}, fmt.Errorf("answer to %s %s: %w", method, path, readErr)
}

func (c *Client) readHeader(method string) (response, error) {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return response{}, err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return response{}, fmt.Errorf("not an HTTP/1.1 answer: %q", line)
	}
	var r response
	if r.status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return response{}, fmt.Errorf("not a status: %q", line)
	}
	for {
		if line, err = c.in.ReadSlice('\n'); err != nil {
			return response{}, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case equalName(name, "content-length"):
			if r.length, err = strconv.ParseInt(string(value), 10, 64); err != nil || r.length < 0 {
				return response{}, fmt.Errorf("not a length: %q", line)
			}
		case equalName(name, "transfer-encoding"):
			if string(value) != "chunked" {
				return response{}, fmt.Errorf("unknown transfer encoding %q", value)
			}
			r.length = -1
		case equalName(name, "etag"):
			r.etag = len(value) > 2
		case equalName(name, "connection") && string(value) == "close":
			c.closing = true
		}
	}
	r.hasBody = method != "HEAD" && r.status != 204 && r.length != 0
	return r, nil
}

// equalName compares a header's name with one in lower case.
func equalName(name []byte, lower string) bool {
	if len(name) != len(lower) {
		return false
	}
	for i, b := range name {
		if 'A' <= b && b <= 'Z' {
			b += 'a' - 'A'
		}
		if b != lower[i] {
			return false
		}
	}
	return true
}

// stream hands the body to take piece by piece.
func (c *Client) stream(r response, take func([]byte) error) error {
	if !r.hasBody {
		return nil
	}
	if r.length < 0 {
		return c.streamChunked(take)
	}
	for left := r.length; left > 0; {
		n, err := c.in.Read(c.chunk[:min(left, chunkSize)])
		left -= int64(n)
		if takeErr := take(c.chunk[:n]); takeErr != nil {
			return takeErr
		}
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return fmt.Errorf("body of %d bytes ended %d early: %w", r.length, left, err)
		}
	}
	return nil
}

func (c *Client) streamChunked(take func([]byte) error) error {
	body := httputil.NewChunkedReader(c.in)
	for {
		n, err := body.Read(c.chunk)
		if takeErr := take(c.chunk[:n]); takeErr != nil {
			return takeErr
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	// What may follow the last chunk ends with an empty line.
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(bytes.TrimRight(line, "\r\n")) == 0 {
			return nil
		}
	}
}

// content reads the body whole; it is valid until the next request.
func (c *Client) content(r response) ([]byte, error) {
	c.text = c.text[:0]
	err := c.stream(r, func(piece []byte) error {
		c.text = append(c.text, piece...)
		return nil
	})
	return c.text, err
}

func dial(ctx context.Context, address string) (net.Conn, *bufio.Reader, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, nil, err
	}
	return conn, bufio.NewReaderSize(conn, 64<<10), nil
}
