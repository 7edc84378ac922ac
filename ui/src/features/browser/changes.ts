import { queryClient } from "@/api/session";

const listeners = new Map<string, Set<() => void>>();

/** changed says that something in a bucket is not what it was; everything that shows it looks again. */
export async function changed(bucket: string) {
  for (const listener of listeners.get(bucket) ?? []) listener();
  await queryClient.invalidateQueries({ queryKey: ["buckets", bucket] });
}

/** onChange is told of changes in a bucket that this window makes. */
export function onChange(bucket: string, listener: () => void): () => void {
  const all = listeners.get(bucket) ?? new Set();
  listeners.set(bucket, all.add(listener));
  return () => void all.delete(listener);
}
