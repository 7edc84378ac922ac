import { useSyncExternalStore } from "react";

const listeners = new Map<number, Set<() => void>>();
const timers = new Map<number, ReturnType<typeof setInterval>>();

function subscribe(every: number, listener: () => void) {
  const set = listeners.get(every) ?? new Set();
  listeners.set(every, set);
  set.add(listener);
  if (!timers.has(every)) {
    timers.set(
      every,
      setInterval(() => {
        for (const tell of set) tell();
      }, every),
    );
  }
  return () => {
    set.delete(listener);
    if (set.size === 0) {
      clearInterval(timers.get(every));
      timers.delete(every);
    }
  };
}

/** useNow is the time, shared by all that show it, moving on every `every` milliseconds. */
export function useNow(every = 30_000): number {
  return useSyncExternalStore(
    (listener) => subscribe(every, listener),
    () => Math.floor(Date.now() / every) * every,
  );
}
