import { useEffect, useRef, useState } from "react";

const stopped = (error: unknown) => error instanceof DOMException && error.name === "AbortError";

/** useWork is long work that a dialog starts, can stop, and stops when it is closed. */
export function useWork() {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const control = useRef<AbortController>(undefined);
  useEffect(() => () => control.current?.abort(), []);
  return {
    busy,
    error,
    stop: () => control.current?.abort(),
    run: async (work: (signal: AbortSignal) => Promise<void>) => {
      control.current = new AbortController();
      setBusy(true);
      setError(undefined);
      try {
        await work(control.current.signal);
      } catch (failure) {
        if (!stopped(failure)) setError(failure);
      } finally {
        setBusy(false);
      }
    },
  };
}
