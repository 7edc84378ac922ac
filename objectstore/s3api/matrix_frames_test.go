package s3api

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
)

// frames are a body in aws-chunked frames, taken apart.
type frames struct {
	chunks  []frame // the last is empty
	trailer []string
}

type frame struct {
	size, signature string // of no signature, empty
	data            []byte
}

func readFrames(body []byte) (f frames) {
	rest := body
	for {
		line, after, _ := bytes.Cut(rest, []byte("\r\n"))
		size, signature, _ := strings.Cut(string(line), ";chunk-signature=")
		var n int
		fmt.Sscanf(size, "%x", &n)
		f.chunks = append(f.chunks, frame{size, signature, after[:n]})
		rest = after[n:]
		if n == 0 {
			break
		}
		rest = rest[2:]
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(string(rest), "\r\n"), "\r\n") {
		if line != "" {
			f.trailer = append(f.trailer, line)
		}
	}
	return f
}

func (f frames) bytes() []byte {
	var out bytes.Buffer
	for _, c := range f.chunks {
		out.WriteString(c.size)
		if c.signature != "" {
			out.WriteString(";chunk-signature=" + c.signature)
		}
		out.WriteString("\r\n")
		out.Write(c.data)
		if len(c.data) > 0 {
			out.WriteString("\r\n")
		}
	}
	for _, line := range f.trailer {
		out.WriteString(line + "\r\n")
	}
	out.WriteString("\r\n")
	return out.Bytes()
}

// frameChanges are of a body in frames: sizes, data and signature of each chunk, their
// order and number, the trailer, and what the headers say of them, signed anew.
func frameChanges(f *fixture, r *http.Request, good []byte) []change {
	payload := r.Header.Get("X-Amz-Content-Sha256")
	signed, trailing := payload != streamingUnsignedTrail, strings.HasSuffix(payload, "-TRAILER")
	// or is what is refused where chunks are signed, and where only a checksum holds them.
	or := func(ofSigned, unsigned string) string {
		if signed {
			return ofSigned
		}
		return unsigned
	}
	var list []change
	add := func(name, code string, alter func(b *frames)) {
		list = append(list, change{name, code, func(_ *http.Request, body []byte) []byte {
			b := readFrames(body)
			alter(&b)
			return b.bytes()
		}})
	}
	for i := range readFrames(good).chunks {
		chunk := func(b *frames) *frame { return &b.chunks[i] }
		last := i == len(readFrames(good).chunks)-1
		if signed {
			for _, digit := range []int{0, 31, 63} {
				add(fmt.Sprintf("chunk %d: signature digit %d", i, digit), mismatch, func(b *frames) {
					s := chunk(b).signature
					chunk(b).signature = s[:digit] + otherDigit(s[digit]) + s[digit+1:]
				})
			}
			add(fmt.Sprintf("chunk %d: no signature", i), "InvalidRequest", func(b *frames) { chunk(b).signature = "" })
			add(fmt.Sprintf("chunk %d: short signature", i), "InvalidRequest", func(b *frames) { chunk(b).signature = chunk(b).signature[:63] })
			add(fmt.Sprintf("chunk %d: signature of the one before", i), mismatch, func(b *frames) {
				chunk(b).signature = b.chunks[(i+len(b.chunks)-1)%len(b.chunks)].signature
			})
		}
		add(fmt.Sprintf("chunk %d: size that is none", i), "InvalidRequest", func(b *frames) { chunk(b).size = "-1" })
		add(fmt.Sprintf("chunk %d: endless size", i), "InvalidRequest", func(b *frames) { chunk(b).size = strings.Repeat("f", 17) })
		add(fmt.Sprintf("chunk %d: larger size", i), "InvalidRequest|IncompleteBody|"+mismatch, func(b *frames) { chunk(b).size = fmt.Sprintf("%x", len(chunk(b).data)+1) })
		if last {
			continue
		}
		add(fmt.Sprintf("chunk %d: smaller size", i), or(mismatch, "InvalidRequest"), func(b *frames) { chunk(b).size = fmt.Sprintf("%x", len(chunk(b).data)-1) })
		add(fmt.Sprintf("chunk %d: data", i), or(mismatch, "BadDigest"), func(b *frames) {
			chunk(b).data = bytes.Clone(chunk(b).data)
			chunk(b).data[0] ^= 1
		})
		add(fmt.Sprintf("chunk %d: left out", i), or(mismatch, "IncompleteBody"), func(b *frames) { b.chunks = append(b.chunks[:i:i], b.chunks[i+1:]...) })
		add(fmt.Sprintf("chunk %d: twice", i), or(mismatch, "IncompleteBody|InvalidRequest"), func(b *frames) {
			b.chunks = append(b.chunks[:i+1:i+1], append([]frame{*chunk(b)}, b.chunks[i+1:]...)...)
		})
		add(fmt.Sprintf("chunk %d: after the next", i), or(mismatch, "BadDigest|MalformedTrailerError"), func(b *frames) {
			b.chunks[i], b.chunks[i+1] = b.chunks[i+1], b.chunks[i]
		})
	}
	add("the last chunk left out", "IncompleteBody|InvalidRequest", func(b *frames) { b.chunks = b.chunks[:len(b.chunks)-1] })
	add("only the last chunk", or(mismatch, "IncompleteBody"), func(b *frames) { b.chunks = b.chunks[len(b.chunks)-1:] })
	add("trailer that nobody announced", "MalformedTrailerError|InvalidRequest", func(b *frames) { b.trailer = append(b.trailer, "x-amz-checksum-crc32c:AAAAAA==") })
	if trailing {
		name, value, _ := strings.Cut(readFrames(good).trailer[0], ":")
		add("trailer value", or(mismatch, "BadDigest"), func(b *frames) { b.trailer[0] = name + ":" + mutateFirst(value) })
		add("trailer value that is none", or(mismatch+"|MalformedTrailerError", "InvalidRequest|MalformedTrailerError"), func(b *frames) { b.trailer[0] = name + ":AA==" })
		add("trailer of another name", "MalformedTrailerError", func(b *frames) { b.trailer[0] = "x-amz-checksum-sha1:" + value })
		add("trailer twice", "MalformedTrailerError", func(b *frames) { b.trailer = append([]string{b.trailer[0]}, b.trailer...) })
		add("no trailer", or("MalformedTrailerError", "MalformedTrailerError"), func(b *frames) { b.trailer = b.trailer[1:] })
		add("no trailer at all", "MalformedTrailerError|IncompleteBody", func(b *frames) { b.trailer = nil })
	}
	if payload == streamingSignedTrailer {
		add("trailer signature", mismatch, func(b *frames) {
			line := b.trailer[1]
			b.trailer[1] = line[:len(line)-1] + otherDigit(line[len(line)-1])
		})
		add("trailer signature of zeros", mismatch, func(b *frames) { b.trailer[1] = "x-amz-trailer-signature:" + strings.Repeat("0", 64) })
		add("no trailer signature", "MalformedTrailerError|IncompleteBody", func(b *frames) { b.trailer = b.trailer[:1] })
		add("trailer signature first", "MalformedTrailerError|"+mismatch, func(b *frames) { b.trailer[0], b.trailer[1] = b.trailer[1], b.trailer[0] })
	}
	// signedAnew changes headers that announce the body, and signs all again.
	signedAnew := func(name, code string, alter func(r *http.Request)) {
		list = append(list, change{name, code, func(r *http.Request, _ []byte) []byte {
			alter(r)
			f.sign(r, "")
			return chunkBody(r, matrixBody, 20)
		}})
	}
	length := func(n string) func(r *http.Request) {
		return func(r *http.Request) { r.Header.Set("X-Amz-Decoded-Content-Length", n) }
	}
	signedAnew("decoded length too large", "IncompleteBody", length(fmt.Sprint(len(matrixBody)+1)))
	signedAnew("decoded length too small", "IncompleteBody|InvalidRequest", length(fmt.Sprint(len(matrixBody)-1)))
	signedAnew("decoded length negative", "InvalidArgument|MissingContentLength", length("-1"))
	signedAnew("decoded length of words", "InvalidArgument|MissingContentLength", length("many"))
	signedAnew("no decoded length", "MissingContentLength", func(r *http.Request) { r.Header.Del("X-Amz-Decoded-Content-Length") })
	if trailing {
		signedAnew("trailer announced that does not come", "MalformedTrailerError", func(r *http.Request) { r.Header.Set("X-Amz-Trailer", "x-amz-checksum-sha1") })
		signedAnew("trailer announced that is none", "InvalidRequest", func(r *http.Request) { r.Header.Set("X-Amz-Trailer", "x-amz-meta-evil") })
	}
	for _, n := range []int{1, len(good) / 2, len(good) - 3} {
		list = append(list, change{fmt.Sprintf("body cut to %d", n), "IncompleteBody", func(_ *http.Request, body []byte) []byte { return body[:n] }})
	}
	list = append(list, change{"body longer", "InvalidRequest", func(_ *http.Request, body []byte) []byte { return append(bytes.Clone(body), 'x') }})
	for i := range good {
		if i%7 == 0 || good[i] == '\r' || good[i] == '\n' || good[i] == ';' {
			list = append(list, change{fmt.Sprintf("body byte %d", i), mismatch + "|InvalidRequest|IncompleteBody|MalformedTrailerError|BadDigest", func(_ *http.Request, body []byte) []byte {
				changed := bytes.Clone(body)
				changed[i] ^= 1
				return changed
			}})
		}
	}
	return list
}

// mutateFirst changes a value's first letter.
func mutateFirst(s string) string {
	if s[0] == 'A' {
		return "B" + s[1:]
	}
	return "A" + s[1:]
}
