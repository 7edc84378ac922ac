package objectstore

import "sync"

// CRC is a reflected cyclic redundancy check of up to 64 bits. It joins the checksums of
// bodies that lie one behind the other without a look at them.
type CRC struct{ carry func() *[63]carrier }

// CRC64NVME is the check of S3's default checksum.
var CRC64NVME = NewCRC(0x9a6c9329ac4bc9b5)

// NewCRC returns the check with a polynomial, reflected.
func NewCRC(polynomial uint64) *CRC {
	return &CRC{sync.OnceValue(func() *[63]carrier {
		bit := carrier{polynomial} // carries over one zero bit
		for i := 1; i < len(bit); i++ {
			bit[i] = 1 << (i - 1)
		}
		octet := bit.twice()
		octet = octet.twice()
		all := &[63]carrier{octet.twice()}
		for i := 1; i < len(all); i++ {
			all[i] = all[i-1].twice()
		}
		return all
	})}
}

// Join returns the CRC of A‖B from those of A and of B and B's length in bytes: A's is carried
// over as many zero bytes. The usual initial value and final complement cancel out. It takes about
// a microsecond, whatever the length: an upload may have 10,000 parts of as many lengths.
func (c *CRC) Join(a, b uint64, length int64) uint64 {
	carry := c.carry()
	for i := 0; length > 0; i, length = i+1, length>>1 {
		if length&1 == 1 {
			a = carry[i].times(a)
		}
	}
	return a ^ b
}

// carrier is a matrix over GF(2) that carries a CRC over zeros, a column for each bit.
type carrier [64]uint64

func (m *carrier) times(v uint64) uint64 {
	var sum uint64
	for i := 0; v != 0; i, v = i+1, v>>1 {
		if v&1 == 1 {
			sum ^= m[i]
		}
	}
	return sum
}

// twice is the matrix for twice as many zeros.
func (m *carrier) twice() (out carrier) {
	for i := range m {
		out[i] = m.times(m[i])
	}
	return out
}
