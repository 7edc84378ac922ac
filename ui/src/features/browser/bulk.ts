import { api, body } from "@/api/client";
import type { Entry } from "./keys";

/** Target is what something is done to: objects by key, and whatever begins with a prefix. */
export type Targets = { keys: string[]; prefixes: string[]; all: boolean };

/** targetsOf divides entries; with all it is everything that begins with the prefix. */
export function targetsOf(entries: Entry[], all: boolean, prefix: string): Targets {
  if (all) return { keys: [], prefixes: [prefix], all: prefix === "" };
  return {
    keys: entries.filter((entry) => entry.kind === "object").map((entry) => entry.key),
    prefixes: entries.filter((entry) => entry.kind === "folder").map((entry) => entry.key),
    all: false,
  };
}

export type Count = { objects: number; bytes: number };

/** countAll counts what is below prefixes, telling how far it is. */
export async function countAll(
  bucket: string,
  prefixes: string[],
  known: Count,
  onCount: (count: Count) => void,
  signal: AbortSignal,
): Promise<Count> {
  const sum = { ...known };
  for (const prefix of prefixes) {
    let cursor = "";
    do {
      const page = await body(
        api.GET("/api/v1/buckets/{bucket}/tally", { params: { path: { bucket }, query: { prefix, cursor: cursor || undefined } }, signal }),
      );
      sum.objects += page.objects;
      sum.bytes += page.bytes;
      cursor = page.next;
      onCount({ ...sum });
    } while (cursor);
  }
  return sum;
}

const batch = 500;

/** deleteAll deletes step by step, so that it can be watched and stopped. */
export async function deleteAll(
  bucket: string,
  targets: Targets,
  versions: boolean,
  onDone: (count: number) => void,
  signal: AbortSignal,
): Promise<number> {
  let done = 0;
  const call = async (request: { keys?: string[]; prefix?: string; all?: boolean; limit?: number; cursor?: string }) => {
    const answer = await body(
      api.POST("/api/v1/buckets/{bucket}/delete", { params: { path: { bucket } }, body: { versions, ...request }, signal }),
    );
    done += answer.deleted;
    onDone(done);
    return answer.next;
  };
  for (let i = 0; i < targets.keys.length; i += batch) await call({ keys: targets.keys.slice(i, i + batch) });
  for (const prefix of targets.prefixes) {
    let cursor = "";
    do {
      cursor = await call({ prefix, ...(targets.all ? { all: true } : {}), limit: 1000, cursor });
    } while (cursor);
  }
  return done;
}

export type CopyPlan = {
  toBucket: string;
  items: { from: string; to: string }[];
  prefixes: { from: string; to: string }[];
  move: boolean;
  replace: boolean;
};

export type CopyOutcome = { done: number; failures: { key: string; code: string; message: string }[] };

/** planOf says what entries become in another folder. */
export function planOf(entries: Entry[], to: { bucket: string; prefix: string }, move: boolean, replace: boolean): CopyPlan {
  return {
    toBucket: to.bucket,
    items: entries.filter((e) => e.kind === "object").map((e) => ({ from: e.key, to: to.prefix + nameIn(e) })),
    prefixes: entries.filter((e) => e.kind === "folder").map((e) => ({ from: e.key, to: `${to.prefix}${nameIn(e)}/` })),
    move,
    replace,
  };
}

const nameIn = (entry: Entry) => entry.name.slice(entry.name.lastIndexOf("/") + 1);

/** copyAll copies or moves step by step. What fails is told and keeps none of the others. */
export async function copyAll(
  bucket: string,
  plan: CopyPlan,
  onDone: (outcome: CopyOutcome) => void,
  signal: AbortSignal,
): Promise<CopyOutcome> {
  const outcome: CopyOutcome = { done: 0, failures: [] };
  const { toBucket, move, replace } = plan;
  const call = async (request: { items?: { from: string; to: string }[]; prefix?: { from: string; to: string }; cursor?: string }) => {
    const answer = await body(
      api.POST("/api/v1/buckets/{bucket}/copy", { params: { path: { bucket } }, body: { toBucket, move, replace, ...request }, signal }),
    );
    outcome.done += answer.done;
    outcome.failures.push(...answer.failures);
    onDone({ done: outcome.done, failures: [...outcome.failures] });
    return answer.next;
  };
  for (let i = 0; i < plan.items.length; i += 50) await call({ items: plan.items.slice(i, i + 50) });
  for (const prefix of plan.prefixes) {
    let cursor = "";
    do {
      cursor = await call({ prefix, cursor });
    } while (cursor);
  }
  return outcome;
}

export type Aborted = { aborted: number; bytes: number; failures: { key: string; code: string; message: string }[] };

/** abortAll gives up the unfinished uploads below a prefix that are older than some seconds, step by step. */
export async function abortAll(
  bucket: string,
  prefix: string,
  olderThan: number,
  onDone: (sum: Aborted) => void,
  signal: AbortSignal,
): Promise<Aborted> {
  const sum: Aborted = { aborted: 0, bytes: 0, failures: [] };
  let cursor = "";
  do {
    const answer = await body(
      api.POST("/api/v1/buckets/{bucket}/abort-uploads", { params: { path: { bucket } }, body: { olderThan, prefix, cursor }, signal }),
    );
    sum.aborted += answer.aborted;
    sum.bytes += answer.bytes;
    sum.failures.push(...answer.failures);
    cursor = answer.next;
    onDone({ ...sum });
  } while (cursor);
  return sum;
}
