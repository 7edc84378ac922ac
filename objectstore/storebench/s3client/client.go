package s3client

import (
	"bufio"
	"bytes"
	"context"
	"crypto/md5" //nolint:gosec // DeleteObjects demands Content-MD5.
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"slices"
)

// ErrNotFound says that a key holds nothing.
var ErrNotFound = errors.New("no such key")

// Error is a refusal.
type Error struct {
	Method string
	Path   string
	Status int
	Answer string // the body, cut
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s %s answered %d: %s", e.Method, e.Path, e.Status, e.Answer)
}

// Options say whom to talk to.
type Options struct {
	Address   string // host:port
	AccessKey string
	SecretKey string
}

// Client is one connection to a server. It is for one goroutine at a time.
type Client struct {
	options Options
	sign    *signer
	conn    net.Conn
	in      *bufio.Reader
	closing bool // the server will close the connection after this answer
	detach  func() bool

	out   []byte
	chunk []byte
	text  []byte
}

// Dial connects. The connection is closed when ctx ends; what goes on then fails.
func Dial(ctx context.Context, o Options) (*Client, error) {
	conn, in, err := dial(ctx, o.Address)
	if err != nil {
		return nil, err
	}
	c := &Client{
		options: o, sign: newSigner(o.AccessKey, o.SecretKey, o.Address), conn: conn, in: in,
		out: make([]byte, 0, 8<<10), chunk: make([]byte, chunkSize),
	}
	c.detach = context.AfterFunc(ctx, func() { _ = conn.Close() })
	return c, nil
}

// Close ends the connection.
func (c *Client) Close() {
	c.detach()
	_ = c.conn.Close()
}

// request sends one request and wants a status; another one is an *Error, whose
// body has been read.
func (c *Client) request(method, path, query, extra string, body Body, want int) (response, error) {
	if c.closing {
		return response{}, fmt.Errorf("%s %s: the server closed the connection after its last answer", method, path)
	}
	r, err := c.send(method, path, query, extra, body)
	if err != nil {
		return r, err
	}
	if r.status == want {
		return r, nil
	}
	answer, err := c.content(r)
	if err != nil {
		return r, fmt.Errorf("%s %s answered %d: %w", method, path, r.status, err)
	}
	if r.status == 404 && (method == "HEAD" || bytes.Contains(answer, []byte("<Code>NoSuchKey</Code>"))) {
		return r, fmt.Errorf("%s %s: %w", method, path, ErrNotFound)
	}
	return r, &Error{Method: method, Path: path, Status: r.status, Answer: string(answer[:min(len(answer), 500)])}
}

// CreateBucket makes a bucket.
func (c *Client) CreateBucket(bucket string) error {
	r, err := c.request("PUT", "/"+bucket, "", "", Body{Pieces: slices.Values([][]byte{})}, 200)
	if err != nil {
		return err
	}
	_, err = c.content(r)
	return err
}

// Put stores an object.
func (c *Client) Put(bucket, key string, body Body) error {
	path := "/" + bucket + "/" + key
	r, err := c.request("PUT", path, "", "", body, 200)
	if err != nil {
		return err
	}
	if !r.etag {
		return fmt.Errorf("PUT %s answered without an ETag", path)
	}
	_, err = c.content(r)
	return err
}

// Get hands an object's body to take, piece by piece. The pieces are used again.
// It fails with ErrNotFound, and where the body is not of the announced length.
func (c *Client) Get(bucket, key string, take func([]byte) error) error {
	r, err := c.request("GET", "/"+bucket+"/"+key, "", "", Body{}, 200)
	if err != nil {
		return err
	}
	return c.stream(r, take)
}

// Exists asks for an object without its body.
func (c *Client) Exists(bucket, key string) (bool, error) {
	_, err := c.request("HEAD", "/"+bucket+"/"+key, "", "", Body{}, 200)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Delete removes the objects in one request.
func (c *Client) Delete(bucket string, keys []string) error {
	document := []byte("<Delete><Quiet>true</Quiet>")
	for _, key := range keys {
		document = append(document, "<Object><Key>"...)
		document = append(append(document, key...), "</Key></Object>"...)
	}
	document = append(document, "</Delete>"...)
	sum := md5.Sum(document) //nolint:gosec // see the import
	extra := "Content-MD5: " + base64.StdEncoding.EncodeToString(sum[:]) + "\r\n"
	r, err := c.request("POST", "/"+bucket, "delete=", extra, Body{int64(len(document)), slices.Values([][]byte{document})}, 200)
	if err != nil {
		return err
	}
	answer, err := c.content(r)
	if err != nil {
		return err
	}
	if !bytes.Contains(answer, []byte("<DeleteResult")) || bytes.Contains(answer, []byte("<Error>")) {
		return fmt.Errorf("delete %d keys of %s: %.500s", len(keys), bucket, answer)
	}
	return nil
}
