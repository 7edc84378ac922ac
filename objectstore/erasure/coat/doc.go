// Package coat is what a body wears on the drives: compression, encryption, both
// or neither. It promises that what comes out is what went in, or an error: a
// stored body that was altered, cut, put together from others or is read with
// another key is ErrBroken, before a wrong byte is given away. Ranges cost the
// chunks that they touch.
//
// # Format
//
// A body is cut into chunks, of EncryptedChunk bytes when it is only encrypted and
// of CompressedChunk bytes when it is compressed; the last one may be shorter, and
// an empty body has none. Each is stored on its own, in order:
//
//	encrypted:   AES-256-GCM of the chunk, and 16 bytes of tag
//	compressed:  4 bytes  how many bytes follow behind the number; the top bit says
//	                      that the chunk did not shrink and stands as it is
//	             4 bytes  the chunk's number, its lowest 32 bits
//	             …        the chunk as a zstd frame, or as it is; encrypted as above
//	                      when the body is encrypted too
//
// Behind the chunks of a compressed body stands where each of them ends, 8 bytes
// each. Numbers are little-endian.
//
// The key of the cipher is the body's own: HMAC-SHA256 with the object's key over
// "croft body", the body's salt and the object's name. Salts are random and never
// used again, so the nonce may be the chunk's number. Its first byte says that the
// chunk is the last, which shows when others were cut off. The additional data is
// one byte, the chunk's form.
package coat
