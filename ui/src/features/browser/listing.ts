import type { ObjectInfo } from "@/api/types";
import { compareKeys, entriesOf, type Entry } from "./keys";

export type ListPage = { items: ObjectInfo[]; prefixes: string[]; next: string };
export type ListAsk = { cursor: string; until: string; limit: number };

/** A Span is what lies between two cursors; its entries may have been let go of, or be out of date. */
type Span = { after: string; until: string; count: number; entries: Entry[] | undefined; stale: boolean; busy: boolean };

export const pageLimit = 1000;
/** So many spans keep their entries; others are read again when they come into sight. */
const keptSpans = 60;
/** Browsers do not draw taller lists than this makes; a prefix leads further. */
export const mostRows = 500_000;

/**
 * Listing is a folder as far as it was read: in order of key, page by page, so that a million
 * entries take neither a million rows nor the memory of them. What changed is read again where it
 * is looked at, not everywhere.
 */
export class Listing {
  private spans: Span[] = [];
  private next: string | undefined = "";
  private starts: number[] = [0];
  private reading = false;
  private window: [number, number] = [0, 0];
  private listeners = new Set<() => void>();
  version = 0;
  error: unknown;

  constructor(
    private readonly fetch: (ask: ListAsk) => Promise<ListPage>,
    private readonly prefix: string,
  ) {}

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };

  private changed() {
    this.starts = [0];
    for (const span of this.spans) this.starts.push((this.starts.at(-1) ?? 0) + span.count);
    this.version++;
    for (const listener of this.listeners) listener();
  }

  /** Whether anything was read yet. */
  get begun() {
    return this.spans.length > 0;
  }

  /** Whether the end of the folder is known. */
  get complete() {
    return this.begun && this.next === undefined;
  }

  get full() {
    return this.length >= mostRows;
  }

  get length() {
    return this.starts.at(-1) ?? 0;
  }

  private spanAt(index: number): number {
    let low = 0;
    let high = this.spans.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.starts[middle] ?? 0) <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The entry of a row; nothing while it has to be read again. */
  at(index: number): Entry | undefined {
    const span = this.spanAt(index);
    return this.spans[span]?.entries?.[index - (this.starts[span] ?? 0)];
  }

  /** All entries, when all are at hand. */
  all(): Entry[] | undefined {
    if (!this.complete || this.spans.some((span) => !span.entries)) return undefined;
    return this.spans.flatMap((span) => span.entries ?? []);
  }

  /** want says which rows are looked at. */
  want(first: number, last: number) {
    this.window = [first, last];
    if (this.begun) {
      for (let i = this.spanAt(first); i <= this.spanAt(last); i++) {
        const span = this.spans[i];
        if (span && (span.stale || !span.entries)) void this.reread(span);
      }
    }
    if (this.next !== undefined && !this.full && !this.error && last >= this.length - pageLimit / 4) void this.more();
  }

  /** more reads the next page. */
  async more(): Promise<void> {
    if (this.reading || this.next === undefined) return;
    this.reading = true;
    const after = this.next;
    try {
      const page = await this.fetch({ cursor: after, until: "", limit: pageLimit });
      const entries = entriesOf(page, this.prefix);
      this.next = page.next || undefined;
      this.error = undefined;
      this.spans.push({ after, until: page.next, count: entries.length, entries, stale: false, busy: false });
      this.forget();
    } catch (error) {
      this.error = error;
    } finally {
      this.reading = false;
      this.changed();
    }
    // A page of nothing but the folder's own marker shows no row that would ask for more.
    if (this.next !== undefined && !this.error) this.want(...this.window);
  }

  /** retry goes on after an error. */
  retry() {
    this.error = undefined;
    this.changed();
    void this.more();
  }

  private async reread(span: Span): Promise<void> {
    if (span.busy) return;
    span.busy = true;
    try {
      const entries: Entry[] = [];
      let cursor = span.after;
      let page: ListPage;
      do {
        page = await this.fetch({ cursor, until: span.until, limit: pageLimit });
        entries.push(...entriesOf(page, this.prefix));
        cursor = page.next;
      } while (page.next && span.until);
      if (page.next && !span.until) {
        span.until = page.next; // it was the last one, and the folder grew
        this.next = page.next;
      }
      span.entries = entries;
      span.count = entries.length;
      span.stale = false;
      this.forget();
    } catch (error) {
      if (!span.entries) this.error = error;
      span.stale = false; // what was read before is still there, and is asked for at the next change
    } finally {
      span.busy = false;
      this.changed();
    }
  }

  /** forget lets go of the entries that are furthest from what is looked at. */
  private forget() {
    const kept = this.spans.filter((span) => span.entries);
    if (kept.length <= keptSpans) return;
    const here = this.spanAt(this.window[0]);
    const distance = (span: Span) => Math.abs(this.spans.indexOf(span) - here);
    kept.sort((a, b) => distance(b) - distance(a));
    for (const span of kept.slice(0, kept.length - keptSpans)) if (!span.busy) span.entries = undefined;
  }

  /** refresh says that something changed: what is in sight is read again now, the rest later. */
  refresh() {
    for (const span of this.spans) span.stale = true;
    this.error = undefined;
    this.want(...this.window);
    if (!this.begun) void this.more();
  }

  /** ensure reads rows that were let go of, so that a range can be taken whole. */
  async ensure(first: number, last: number): Promise<void> {
    for (let i = this.spanAt(first); i <= this.spanAt(last); i++) {
      const span = this.spans[i];
      if (span && !span.entries) await this.reread(span);
    }
  }

  /** readAll reads to the end if that is not beyond so many entries, and says whether it is all there. */
  async readAll(most: number): Promise<boolean> {
    while (this.next !== undefined && this.length < most && !this.error) {
      if (this.reading) await new Promise<void>((resolve) => { const stop = this.subscribe(() => { stop(); resolve(); }); });
      else await this.more();
    }
    if (!this.complete || this.length > most) return false;
    await this.ensure(0, this.length);
    return this.all() !== undefined;
  }
}

export type SortBy = "name" | "size" | "changed" | "class";
export type Sort = { by: SortBy; down: boolean };
/** A folder with more entries than this is shown in the order of the store. */
export const sortLimit = 20_000;

const orders: Record<SortBy, (a: Entry, b: Entry) => number> = {
  name: (a, b) => compareKeys(a.key, b.key),
  size: (a, b) => (a.kind === "object" && b.kind === "object" ? a.object.size - b.object.size : 0),
  changed: (a, b) =>
    a.kind === "object" && b.kind === "object" ? Date.parse(a.object.modifiedAt) - Date.parse(b.object.modifiedAt) : 0,
  class: (a, b) =>
    a.kind === "object" && b.kind === "object"
      ? (a.object.tier ?? a.object.class).localeCompare(b.object.tier ?? b.object.class)
      : 0,
};

/** sorted puts folders first, then objects in the order asked for; equal ones by name. */
export function sorted(entries: Entry[], { by, down }: Sort): Entry[] {
  const sign = down ? -1 : 1;
  return [...entries].sort((a, b) => {
    if (a.kind !== b.kind) return a.kind === "folder" ? -1 : 1;
    return sign * orders[by](a, b) || (by === "name" ? 0 : compareKeys(a.key, b.key));
  });
}
