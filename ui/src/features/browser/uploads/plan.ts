/** What an upload is cut into, how fast it goes and when it will be there: nothing here sends anything. */

const mib = 1 << 20;
/** Smaller files go in one request. */
export const wholeLimit = 16 * mib;
const usualPart = 16 * mib;
/** S3 allows 10,000 parts; some are left for files that an older Croft cut differently. */
const mostParts = 9_000;

/** partSizeOf is how large the parts of a file are. */
export function partSizeOf(size: number): number {
  const needed = Math.ceil(size / mostParts / mib) * mib;
  return Math.max(usualPart, needed);
}

export type PartRange = { number: number; from: number; to: number };

/** rangesOf cuts a file into parts, numbered from 1. */
export function rangesOf(size: number, partSize: number): PartRange[] {
  const ranges: PartRange[] = [];
  for (let from = 0; from < size; from += partSize) {
    ranges.push({ number: ranges.length + 1, from, to: Math.min(size, from + partSize) });
  }
  return ranges;
}

/** missingOf are the parts that are not stored as they should be. */
export function missingOf(ranges: PartRange[], stored: { number: number; size: number }[]): PartRange[] {
  const sizes = new Map(stored.map((part) => [part.number, part.size]));
  return ranges.filter((range) => sizes.get(range.number) !== range.to - range.from);
}

/** fits tells whether stored parts can belong to these ranges at all. */
export function fits(ranges: PartRange[], stored: { number: number; size: number }[]): boolean {
  return stored.every((part) => part.number <= ranges.length);
}

/** Speed is measured over the last few seconds, so that it follows the line and does not flicker. */
export class Speed {
  private samples: { at: number; bytes: number }[] = [];
  constructor(private readonly window = 8_000) {}

  add(bytes: number, at: number) {
    this.samples.push({ at, bytes });
    while (this.samples.length > 0 && at - (this.samples[0]?.at ?? at) > this.window) this.samples.shift();
  }

  reset() {
    this.samples = [];
  }

  /** Bytes a second; 0 while nothing can be said. */
  at(now: number): number {
    const kept = this.samples.filter((sample) => now - sample.at <= this.window);
    const first = kept[0];
    if (!first) return 0;
    const seconds = Math.max(1, (now - first.at) / 1000);
    return kept.reduce((sum, sample) => sum + sample.bytes, 0) / seconds;
  }
}

/** secondsLeft is when it will be there at this speed; nothing while that cannot be said. */
export function secondsLeft(bytes: number, speed: number): number | undefined {
  if (bytes <= 0) return 0;
  return speed > 0 ? Math.ceil(bytes / speed) : undefined;
}

/** besides is a key beside one that is taken: "a/b.txt" becomes "a/b (2).txt". */
export function besides(key: string, taken: (key: string) => boolean): string {
  const slash = key.lastIndexOf("/") + 1;
  const dot = key.lastIndexOf(".");
  const end = dot > slash ? dot : key.length;
  for (let n = 2; ; n++) {
    const candidate = `${key.slice(0, end)} (${n})${key.slice(end)}`;
    if (!taken(candidate)) return candidate;
  }
}

/** printOf is a checksum of a file's beginning, middle and end: enough to know a file again, whatever its size. */
export async function printOf(file: Blob): Promise<string> {
  const piece = 64 * 1024;
  let hash = 0x811c9dc5;
  for (const from of [0, Math.floor(file.size / 2), Math.max(0, file.size - piece)]) {
    const bytes = new Uint8Array(await file.slice(from, from + piece).arrayBuffer());
    for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return hash.toString(16).padStart(8, "0");
}
