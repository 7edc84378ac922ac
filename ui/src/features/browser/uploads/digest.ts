/** Digests by which the store names what it holds; the browser itself offers no MD5. */

const shifts = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
const sines = Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32));

/** md5 is that of up to some MiB, as bytes: it keeps the page waiting meanwhile. */
export function md5(bytes: Uint8Array): Uint8Array {
  const padded = new Uint8Array((((bytes.length + 8) >> 6) + 1) * 64);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const words = new DataView(padded.buffer);
  words.setUint32(words.byteLength - 8, bytes.length * 8, true);
  const state: [number, number, number, number] = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];
  for (let block = 0; block < words.byteLength; block += 64) {
    let [a, b, c, d] = state;
    for (let i = 0; i < 64; i++) {
      const round = i >> 4;
      const mixed =
        round === 0 ? (b & c) | (~b & d) : round === 1 ? (d & b) | (~d & c) : round === 2 ? b ^ c ^ d : c ^ (b | ~d);
      const word = round === 0 ? i : round === 1 ? 5 * i + 1 : round === 2 ? 3 * i + 5 : 7 * i;
      const sum = (a + mixed + (sines[i] ?? 0) + words.getUint32(block + (word % 16) * 4, true)) | 0;
      const by = shifts[round * 4 + (i % 4)] ?? 0;
      const turned = (b + ((sum << by) | (sum >>> (32 - by)))) | 0;
      a = d;
      d = c;
      c = b;
      b = turned;
    }
    [a, b, c, d].forEach((part, i) => (state[i] = ((state[i] ?? 0) + part) | 0));
  }
  const out = new DataView(new ArrayBuffer(16));
  state.forEach((part, i) => out.setInt32(i * 4, part, true));
  return new Uint8Array(out.buffer);
}

/** etagOfFile is the ETag of an object that was stored in one piece. */
export const etagOfFile = async (file: Blob) => hex(md5(new Uint8Array(await file.arrayBuffer())));

/** hex spells bytes as ETags do. */
export const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/**
 * etagOf is the ETag of an object that is made of parts with these ETags, in the order
 * of the parts; undefined when one of them is not known or is no MD5.
 */
export function etagOf(parts: (string | undefined)[]): string | undefined {
  const digests: number[] = [];
  for (const part of parts) {
    if (!part || !/^[0-9a-f]{32}$/.test(part)) return undefined;
    for (let i = 0; i < 32; i += 2) digests.push(parseInt(part.slice(i, i + 2), 16));
  }
  return digests.length > 0 ? `${hex(md5(new Uint8Array(digests)))}-${parts.length}` : undefined;
}
