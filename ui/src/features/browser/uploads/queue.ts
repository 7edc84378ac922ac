import { ApiError } from "@/api/errors";
import { besides, fits, missingOf, partSizeOf, printOf, rangesOf, secondsLeft, Speed, wholeLimit, type PartRange } from "./plan";
import { etagOf, etagOfFile } from "./digest";
import { dropRecord, keepRecord, readRecords, type UploadRecord } from "./records";
import type { Expected, Sending, Target, There, Transport } from "./transport";

export type JobState = "waiting" | "sending" | "paused" | "done" | "failed" | "canceled" | "conflict";

/** Upload is one file on its way, as it is shown. */
export type Upload = Target & {
  id: number;
  size: number;
  sent: number;
  state: JobState;
  /** Parts that were there from an earlier attempt. */
  resumed: boolean;
  /** It waits for the server to be there again. */
  waitingForServer: boolean;
  error?: unknown;
};

export type Summary = {
  open: number;
  failed: number;
  finished: number;
  total: number;
  bytes: number;
  sent: number;
  speed: number;
  secondsLeft: number | undefined;
  paused: boolean;
};

export type Snapshot = { uploads: Upload[]; summary: Summary; conflicts: Upload[]; interrupted: UploadRecord[] };

export type Answer = "replace" | "both" | "skip";

type Job = Upload & {
  file: File;
  replace: boolean;
  /** What the key held when it was last asked about. */
  before?: There;
  /** It was sent, and nobody knows whether it was stored: the answer got lost. */
  unsure: boolean;
  upload?: string;
  partSize: number;
  missing: PartRange[];
  /** What the server calls the parts that it has, by their numbers. */
  etags: Map<number, string>;
  /** Bytes that are stored for good. */
  stored: number;
  /** Bytes of the requests that are going on. */
  flying: Map<number, number>;
  sendings: Set<Sending>;
  /** While it is not 0 nothing more of it is sent. */
  holds: number;
  tries: number;
};

/** So many requests are on their way at once. */
const lanes = 4;
/** So often a part is sent again by itself; the pauses between grow to the last of these seconds. */
const pauses = [1, 2, 4, 8, 15, 15, 15, 30];
/** So many files are shown; the numbers count all. */
const shown = 60;

const passing = (error: unknown) => error instanceof ApiError && (error.status === 0 || error.status === 429 || error.status >= 500);
const aborted = (error: unknown) => error instanceof DOMException && error.name === "AbortError";

export type QueueOptions = {
  user: () => string;
  onDone: (bucket: string) => void;
  /** Waits so many seconds; tests do not. */
  wait?: (seconds: number) => Promise<void>;
  now?: () => number;
};

/** Queue sends files, several at once, and goes on where it was interrupted. */
export class Queue {
  private jobs: Job[] = [];
  private lastId = 0;
  private flying = 0;
  private listeners = new Set<() => void>();
  private speed = new Speed();
  private held = false;
  private told = false;
  private snapshot: Snapshot = this.look();
  private readonly wait: (seconds: number) => Promise<void>;
  private readonly now: () => number;

  constructor(
    private readonly transport: Transport,
    private readonly options: QueueOptions,
  ) {
    this.wait = options.wait ?? ((seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)));
    this.now = options.now ?? Date.now;
    this.snapshot = this.look();
  }

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };

  read = () => this.snapshot;

  /** tell lets those know who look, but not for every packet. */
  private tell() {
    if (this.told) return;
    this.told = true;
    setTimeout(() => {
      this.told = false;
      this.snapshot = this.look();
      for (const listener of this.listeners) listener();
    }, 120);
  }

  private look(): Snapshot {
    const counts = { open: 0, failed: 0, finished: 0, total: 0, bytes: 0, sent: 0 };
    const ranks: Record<JobState, number> = { failed: 0, conflict: 0, sending: 1, paused: 2, waiting: 3, done: 4, canceled: 4 };
    const seen: Job[] = [];
    for (const job of this.jobs) {
      if (job.state === "canceled") continue;
      counts.total++;
      counts.bytes += job.size;
      counts.sent += job.state === "done" ? job.size : job.sent;
      if (job.state === "done") counts.finished++;
      else if (job.state === "failed") counts.failed++;
      else counts.open++;
    }
    for (let rank = 0; rank <= 4 && seen.length < shown; rank++) {
      const ranked = this.jobs.filter((job) => ranks[job.state] === rank);
      seen.push(...(rank === 4 ? ranked.slice(-shown) : ranked.slice(0, shown)));
    }
    const speed = this.speed?.at(this.now?.() ?? 0) ?? 0;
    const moving = this.jobs.some((job) => job.state === "sending" || job.state === "waiting");
    const going = new Set(this.jobs.filter((job) => job.state !== "done" && job.state !== "canceled").map((job) => job.upload));
    const user = this.options?.user() ?? "";
    return {
      uploads: seen.slice(0, shown).map((job) => ({ ...job })),
      summary: {
        ...counts,
        speed: moving ? speed : 0,
        secondsLeft: moving ? secondsLeft(counts.bytes - counts.sent, speed) : undefined,
        paused: this.held,
      },
      conflicts: this.jobs.filter((job) => job.state === "conflict").slice(0, 1000),
      interrupted: readRecords().filter((record) => record.user === user && !going.has(record.id)),
    };
  }

  /** add queues files. Those whose key is taken wait for an answer. */
  async add(bucket: string, files: { key: string; file: File }[]): Promise<void> {
    const records = readRecords().filter((record) => record.user === this.options.user() && record.bucket === bucket);
    const fresh = files.map(({ key, file }) => {
      const known = records.find((r) => r.key === key && r.size === file.size && r.modified === file.lastModified);
      return this.job(bucket, key, file, known?.replace ?? false);
    });
    const unknown = fresh.filter((job) => !records.some((r) => r.key === job.key && r.size === job.size));
    for (let i = 0; i < unknown.length; i += 500) {
      const some = unknown.slice(i, i + 500);
      const there = new Map((await this.transport.existing(bucket, some.map((job) => job.key))).map((object) => [object.key, object]));
      for (const job of some) {
        job.before = there.get(job.key);
        if (job.before) job.state = "conflict";
      }
    }
    this.jobs.push(...fresh);
    this.pump();
    this.tell();
  }

  private job(bucket: string, key: string, file: File, replace: boolean): Job {
    this.lastId++;
    return {
      id: this.lastId, bucket, key, file, replace, size: file.size, sent: 0, state: "waiting", resumed: false, waitingForServer: false,
      unsure: false, partSize: 0, missing: [], etags: new Map(), stored: 0, flying: new Map(), sendings: new Set(), holds: 0, tries: 0,
    };
  }

  /** resolve answers for the first file whose key is taken, or for all of them. */
  async resolve(answer: Answer, forAll: boolean): Promise<void> {
    const waiting = this.jobs.filter((job) => job.state === "conflict");
    for (const job of forAll ? waiting : waiting.slice(0, 1)) {
      if (answer === "skip") {
        await this.cancel(job.id);
        continue;
      }
      if (answer === "replace") job.replace = true;
      else await this.rename(job);
      job.state = "waiting";
      job.error = undefined;
    }
    this.pump();
    this.tell();
  }

  /** rename finds a free key beside the one that is taken. */
  private async rename(job: Job) {
    const mine = new Set(this.jobs.filter((other) => other.bucket === job.bucket).map((other) => other.key));
    const taken = new Set<string>([...mine]);
    for (;;) {
      const candidate = besides(job.key, (key) => taken.has(key));
      const there = await this.transport.existing(job.bucket, [candidate]);
      if (there.length === 0) {
        this.forgetUpload(job);
        Object.assign(job, { key: candidate, before: undefined, unsure: false });
        return;
      }
      taken.add(candidate);
    }
  }

  /** forgetUpload gives up what was sent under a key that is not wanted any more. */
  private forgetUpload(job: Job) {
    if (!job.upload) return;
    const { bucket, key, upload } = job;
    dropRecord(upload);
    void this.transport.abort({ bucket, key }, upload).catch(() => undefined);
    Object.assign(job, { upload: undefined, missing: [], etags: new Map(), stored: 0, sent: 0 });
  }

  private stop(job: Job) {
    for (const sending of job.sendings) sending.abort();
  }

  pause(id: number) {
    const job = this.find(id);
    if (!job || (job.state !== "waiting" && job.state !== "sending")) return;
    job.state = "paused";
    this.stop(job);
    this.tell();
  }

  resume(id: number) {
    const job = this.find(id);
    if (!job || (job.state !== "paused" && job.state !== "failed")) return;
    job.state = "waiting";
    job.error = undefined;
    job.tries = 0;
    this.pump();
    this.tell();
  }

  pauseAll() {
    this.held = true;
    for (const job of this.jobs) if (job.state === "sending") this.stop(job);
    this.speed.reset();
    this.tell();
  }

  resumeAll() {
    this.held = false;
    for (const job of this.jobs) if (job.state === "paused") job.state = "waiting";
    this.pump();
    this.tell();
  }

  retryFailed() {
    for (const job of this.jobs) if (job.state === "failed") this.resume(job.id);
  }

  /** cancel gives a file up, with what was sent of it. */
  async cancel(id: number): Promise<void> {
    const job = this.find(id);
    if (!job || job.state === "done") return;
    job.state = "canceled";
    this.stop(job);
    this.forgetUpload(job);
    this.jobs = this.jobs.filter((other) => other !== job);
    this.pump();
    this.tell();
    await Promise.resolve();
  }

  async cancelAll(): Promise<void> {
    for (const job of [...this.jobs]) if (job.state !== "done") await this.cancel(job.id);
    this.clear();
  }

  /** clear puts away what is finished. */
  clear() {
    this.jobs = this.jobs.filter((job) => job.state !== "done");
    this.held = false;
    this.tell();
  }

  /** giveUp forgets an upload that a reload interrupted. */
  async giveUp(record: UploadRecord): Promise<void> {
    dropRecord(record.id);
    this.tell();
    await this.transport.abort({ bucket: record.bucket, key: record.key }, record.id).catch(() => undefined);
  }

  /** goOn takes a file that was interrupted by a reload, and says whether it is that file. */
  goOn(record: UploadRecord, file: File): boolean {
    if (file.size !== record.size) return false;
    this.jobs.push(this.job(record.bucket, record.key, file, record.replace));
    this.pump();
    this.tell();
    return true;
  }

  get busy(): boolean {
    return this.jobs.some((job) => job.state === "sending" || job.state === "waiting");
  }

  private find(id: number) {
    return this.jobs.find((job) => job.id === id);
  }

  /** pump keeps the lanes full. */
  private pump() {
    while (!this.held && this.flying < lanes) {
      const job = this.jobs.find(
        (candidate) =>
          candidate.holds === 0 &&
          (candidate.state === "waiting" || (candidate.state === "sending" && candidate.missing.length > 0)) &&
          !(candidate.upload && candidate.missing.length === 0 && candidate.flying.size > 0),
      );
      if (!job) return;
      if (job.size <= wholeLimit) void this.sendWhole(job);
      else if (!job.upload) void this.begin(job);
      else if (job.missing.length === 0) void this.completeAgain(job);
      else void this.sendPart(job);
    }
  }

  private count(job: Job, lane: number, bytes: number) {
    const before = job.flying.get(lane) ?? 0;
    if (bytes > before) this.speed.add(bytes - before, this.now());
    job.flying.set(lane, bytes);
    this.sum(job);
  }

  private sum(job: Job) {
    let sent = job.stored;
    for (const bytes of job.flying.values()) sent += bytes;
    job.sent = Math.min(sent, job.size);
    this.tell();
  }

  private async sendWhole(job: Job) {
    job.state = "sending";
    job.holds++;
    // Nothing is sent twice that may be stored already: first it is asked for.
    const stored = job.unsure && (await this.lookWhetherStored(job));
    if (!stored && this.held && job.state === "sending") job.state = "waiting"; // all were held meanwhile
    if (!stored && job.state === "sending") {
      await this.fly(
        job,
        0,
        () => this.transport.whole(job, job.file, this.expected(job), (bytes) => this.count(job, 0, bytes)),
        () => {
          this.finish(job);
          return Promise.resolve();
        },
        (error) => {
          job.unsure ||= aborted(error) || passing(error);
        },
      );
    }
    job.holds--;
    this.pump();
  }

  /** expected is what the key must hold: a file takes the place of what was asked about, and of nothing else. */
  private expected(job: Job): Expected | undefined {
    if (!job.replace) return "nothing";
    return job.before && { etag: job.before.etag };
  }

  /** lookWhetherStored settles a file whose answer was lost; true says that it need not be sent now. */
  private async lookWhetherStored(job: Job): Promise<boolean> {
    this.flying++;
    try {
      const [there] = await this.transport.existing(job.bucket, [job.key]);
      if (!(await this.isOurs(job, there))) return false;
      if (job.state === "sending") this.finish(job);
    } catch (error) {
      await this.trouble(job, error);
    } finally {
      this.flying--;
    }
    return true;
  }

  /** isOurs says whether what a key holds came there by an attempt to send the file. */
  private async isOurs(job: Job, there: There | undefined): Promise<boolean> {
    const { before } = job;
    if (!there || there.size !== job.size) return false;
    if (before && before.etag === there.etag && before.modifiedAt === there.modifiedAt) return false;
    return there.etag === (await etagOfFile(job.file));
  }

  /** taken is for a key that holds another object than was expected: our own, or one to ask about. */
  private async taken(job: Job) {
    const [there] = await this.transport.existing(job.bucket, [job.key]);
    if (job.state !== "sending" && job.state !== "waiting") return;
    if (job.unsure && (await this.isOurs(job, there))) {
      this.finish(job);
      return;
    }
    job.before = there;
    // What was there is gone, or not for us to see.
    job.state = !there && job.replace && job.tries++ < 2 ? "waiting" : "conflict";
    this.tell();
  }

  /** begin finds the upload that an earlier attempt left behind, or starts one. */
  private async begin(job: Job) {
    job.state = "sending";
    job.holds++;
    this.flying++;
    try {
      const print = await printOf(job.file);
      const record = readRecords().find(
        (r) =>
          r.user === this.options.user() && r.bucket === job.bucket && r.key === job.key && r.size === job.size && r.print === print &&
          r.modified === job.file.lastModified, // the print is of some pieces, and the parts must be of one file
      );
      const stored = record && (await this.transport.stored(job, record.id));
      const partSize = record?.partSize ?? partSizeOf(job.size);
      const ranges = rangesOf(job.size, partSize);
      if (record && stored && fits(ranges, stored)) {
        Object.assign(job, { upload: record.id, partSize, missing: missingOf(ranges, stored), resumed: stored.length > 0 });
        job.etags = new Map(stored.map((part) => [part.number, part.etag]));
        job.stored = job.size - job.missing.reduce((sum, range) => sum + range.to - range.from, 0);
      } else {
        if (record) dropRecord(record.id);
        const id = await this.transport.start(job, job.file.type || "application/octet-stream");
        Object.assign(job, { upload: id, partSize: partSizeOf(job.size), missing: rangesOf(job.size, partSizeOf(job.size)), stored: 0 });
        keepRecord({
          id, user: this.options.user(), bucket: job.bucket, key: job.key, size: job.size, modified: job.file.lastModified, print,
          partSize: job.partSize, replace: job.replace, at: this.now(),
        });
      }
      job.tries = 0;
      this.sum(job);
      if (job.missing.length === 0) await this.complete(job);
    } catch (error) {
      await this.trouble(job, error);
    }
    job.holds--;
    this.flying--;
    this.pump();
  }

  private async sendPart(job: Job) {
    const range = job.missing.shift();
    const id = job.upload;
    if (!range || !id) return;
    job.state = "sending";
    await this.fly(
      job,
      range.number,
      () => this.transport.part(job, id, range.number, job.file.slice(range.from, range.to), (bytes) => this.count(job, range.number, bytes)),
      async (etag) => {
        job.etags.set(range.number, etag);
        job.stored += range.to - range.from;
        job.tries = 0;
        job.waitingForServer = false;
        job.flying.delete(range.number);
        this.sum(job);
        if (job.missing.length === 0 && job.flying.size === 0) await this.complete(job);
      },
      () => {
        job.missing.unshift(range);
      },
    );
    this.pump();
  }

  /** completeAgain is for an upload that has arrived and could not be completed. */
  private async completeAgain(job: Job) {
    job.state = "sending";
    job.holds++;
    this.flying++;
    try {
      await this.complete(job);
    } catch (error) {
      await this.trouble(job, error);
    }
    job.holds--;
    this.flying--;
    this.pump();
  }

  private async complete(job: Job) {
    if (!job.upload || job.state !== "sending") return;
    await this.transport.complete(job, job.upload, job.size, rangesOf(job.size, job.partSize).length, job.replace);
    dropRecord(job.upload);
    this.finish(job);
  }

  private finish(job: Job) {
    job.state = "done";
    job.sent = job.size;
    job.waitingForServer = false;
    this.options.onDone(job.bucket);
    this.tell();
  }

  /** fly is one request in a lane. */
  private async fly<T>(job: Job, lane: number, begin: () => Sending<T>, then: (answer: T) => Promise<void>, undo?: (error: unknown) => void) {
    this.flying++;
    job.flying.set(lane, 0);
    const sending = begin();
    job.sendings.add(sending);
    let arrived = false;
    try {
      const answer = await sending.done;
      arrived = true;
      job.sendings.delete(sending);
      await then(answer);
    } catch (error) {
      job.sendings.delete(sending);
      if (!arrived) undo?.(error);
      job.flying.delete(lane);
      this.sum(job);
      if (aborted(error)) {
        if (job.state === "sending") job.state = "waiting"; // all were held
      } else await this.trouble(job, error);
    }
    job.flying.delete(lane);
    this.flying--;
  }

  /** trouble waits and tries again where that can help, asks where the key was taken, and fails otherwise. */
  private async trouble(job: Job, error: unknown) {
    if (job.state !== "sending" && job.state !== "waiting") return;
    if (error instanceof ApiError && error.code === "precondition_failed") {
      try {
        await this.taken(job);
        return;
      } catch (unreadable) {
        error = unreadable;
      }
    }
    if (error instanceof ApiError && error.code === "upload_not_found" && job.upload) {
      const etag = job.missing.length === 0 ? etagOf(rangesOf(job.size, job.partSize).map((range) => job.etags.get(range.number))) : undefined;
      dropRecord(job.upload);
      Object.assign(job, { upload: undefined, missing: [], etags: new Map(), stored: 0, sent: 0 });
      // The answer to an attempt that completed it may have been lost; else it is begun anew.
      const there = etag ? await this.transport.existing(job.bucket, [job.key]).catch(() => []) : [];
      if (etag && there[0]?.etag === etag) {
        this.finish(job);
        return;
      }
      if (job.tries++ < 2) {
        job.state = "waiting";
        return;
      }
    }
    const pause = pauses[job.tries];
    if (passing(error) && pause !== undefined) {
      job.tries++;
      job.waitingForServer = true;
      job.holds++;
      this.tell();
      await this.wait(pause);
      job.holds--;
      if (job.state === "sending") job.state = "waiting";
      return;
    }
    job.state = "failed";
    job.error = error;
    this.stop(job);
    this.tell();
  }
}
