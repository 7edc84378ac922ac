import { readRange, type Source } from "./read";

export type ZipEntry = { name: string; size: number; folder: boolean };
/** Of an archive so many entries are listed. */
export const mostEntries = 5000;

const tail = 64 * 1024 + 22;
/** A table of contents larger than this is not read. */
const mostContents = 16 << 20;

/** listZip reads an archive's table of contents, which is at its end; nothing is unpacked. */
export async function listZip(source: Source, signal?: AbortSignal): Promise<{ entries: ZipEntry[]; count: number } | undefined> {
  const from = Math.max(0, source.size - tail);
  const end = new DataView(await readRange(source, from, source.size, signal));
  let at = end.byteLength - 22;
  while (at >= 0 && end.getUint32(at, true) !== 0x06054b50) at--;
  if (at < 0) return undefined;
  let count = end.getUint16(at + 10, true);
  let size = end.getUint32(at + 12, true);
  let start = end.getUint32(at + 16, true);
  // The 64-bit record stands before its locator, which stands before the end record.
  if (at >= 76 && end.getUint32(at - 20, true) === 0x07064b50) {
    const record = Number(end.getBigUint64(at - 12, true)) - from;
    if (record >= 0 && record + 56 <= end.byteLength && end.getUint32(record, true) === 0x06064b50) {
      count = Number(end.getBigUint64(record + 32, true));
      size = Number(end.getBigUint64(record + 40, true));
      start = Number(end.getBigUint64(record + 48, true));
    }
  }
  if (start + size > source.size || size > mostContents) return undefined;
  return { entries: entriesIn(new DataView(await readRange(source, start, start + size, signal))), count };
}

function entriesIn(view: DataView): ZipEntry[] {
  const entries: ZipEntry[] = [];
  const decode = { utf8: new TextDecoder(), old: new TextDecoder("latin1") };
  let at = 0;
  while (at + 46 <= view.byteLength && view.getUint32(at, true) === 0x02014b50 && entries.length < mostEntries) {
    const utf8 = (view.getUint16(at + 8, true) & 0x800) !== 0;
    let size = view.getUint32(at + 24, true);
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const skip = nameLength + extraLength + view.getUint16(at + 32, true);
    if (at + 46 + nameLength + extraLength > view.byteLength) break;
    const bytes = new Uint8Array(view.buffer, view.byteOffset + at + 46, nameLength);
    const name = (utf8 ? decode.utf8 : decode.old).decode(bytes);
    if (size === 0xffffffff) {
      for (let extra = at + 46 + nameLength; extra + 12 <= at + 46 + nameLength + extraLength; extra += 4 + view.getUint16(extra + 2, true)) {
        if (view.getUint16(extra, true) === 1) size = Number(view.getBigUint64(extra + 4, true));
      }
    }
    entries.push({ name, size, folder: name.endsWith("/") });
    at += 46 + skip;
  }
  return entries;
}
