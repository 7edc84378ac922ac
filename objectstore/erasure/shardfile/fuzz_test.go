package shardfile

import (
	"bytes"
	"errors"
	"testing"

	"croft/objectstore"
	"croft/objectstore/erasure/disk/simdisk"
	"croft/objectstore/erasure/driveset"
)

// FuzzLoss writes a body, loses and damages what it is told to, and reads a range.
func FuzzLoss(f *testing.F) {
	f.Add(uint8(4), uint8(2), uint32(3_000_000), uint16(0b0011), uint16(0b1000), uint32(17), uint32(5), uint32(1<<20))
	f.Add(uint8(1), uint8(0), uint32(0), uint16(0), uint16(1), uint32(0), uint32(0), uint32(0))
	f.Add(uint8(16), uint8(8), uint32(1<<20), uint16(0xff), uint16(0), uint32(0), uint32(1<<19), uint32(1<<19))
	f.Fuzz(func(t *testing.T, drives, parity uint8, size uint32, lost, hurt uint16, bit, offset, length uint32) {
		n := int(drives)%driveset.MaxDrives + 1
		m := int(parity) % (n/2 + 1)
		s := newSim(t, simdisk.NewMachine(1), n, m)
		body := content(int(size%(4<<20)), uint64(size))
		b, where := put(t, s.Store, body)
		if where != driveset.AllPlaces(n) {
			t.Fatalf("written to %b", where)
		}
		var bad driveset.Places
		for place := range n {
			d := s.drive(place)
			file, err := d.ReadFile(b.ID.file())
			if err != nil {
				t.Fatal(err)
			}
			if driveset.Places(lost).Has(place) {
				err = d.RemoveFile(b.ID.file())
				bad = bad.With(place)
			} else if driveset.Places(hurt).Has(place) {
				err = d.FlipBit(b.ID.file(), int64(bit)%int64(len(file)))
				bad = bad.With(place)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		from := int64(offset) % (b.Size + 1)
		to := from + int64(length)%(b.Size-from+1)
		got, err := get(t, s.Store, b, from, to-from)
		switch {
		case err == nil && !bytes.Equal(got, body[from:to]):
			t.Fatal("wrong bytes")
		case err != nil && (bad.Count() <= m || !errors.Is(err, objectstore.ErrReadQuorum)):
			t.Fatalf("%b of %d+%d are bad: %v", bad, n-m, m, err)
		}
		if found, _, err := s.Verify(t.Context(), b, nil); found != bad || err != nil {
			t.Fatalf("found %b of %b, %v", found, bad, err)
		}
		healed, lacking, err := s.Heal(t.Context(), b, true)
		if bad.Count() <= m && (healed != bad || lacking != 0 || err != nil) || bad.Count() > m && b.Size > 0 && err == nil {
			t.Fatalf("healed %b of %b, lacking %b, %v", healed, bad, lacking, err)
		}
	})
}

func FuzzDecodeBody(f *testing.F) {
	f.Add(Body{Size: 1, Data: 2, Parity: 2}.Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		body, rest, err := DecodeBody(b)
		if err == nil && !bytes.Equal(append(body.Append(nil), rest...), b) {
			t.Fatal("decoded to something else")
		}
	})
}
