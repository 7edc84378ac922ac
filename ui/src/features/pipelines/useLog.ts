import { useEffect, useState } from "react";
import type { ApiError } from "@/api/errors";
import { openStream } from "@/api/sse";

export type LogLine = { t: string; s: "stdout" | "stderr"; line: string };

export type LogState = {
  lines: LogLine[];
  /** How many lines were let go of at the top; the download has them. */
  dropped: number;
  ended: boolean;
  connected: boolean;
  error?: ApiError;
};

/** A browser keeps this many lines of one step. */
export const maxLines = 20_000;

const start: LogState = { lines: [], dropped: 0, ended: false, connected: false };

// A terminal's control sequences; the log view is not a terminal.
 
const escapes = /\u001b\[[0-9;?]*[ -/]*[@-~]|\u001b[@-_]/g;

/** addLines appends and lets go of the oldest lines beyond maxLines. */
export function addLines(state: LogState, fresh: LogLine[]): LogState {
  const all = [...state.lines, ...fresh];
  const surplus = Math.max(0, all.length - maxLines);
  return { ...state, lines: surplus ? all.slice(surplus) : all, dropped: state.dropped + surplus };
}

/** useLog follows a step's log from its first line; lines that arrive together are shown together. */
export function useLog(url: string): LogState {
  const [state, setState] = useState(start);
  useEffect(() => {
    setState(start);
    let pending: LogLine[] = [];
    let frame = 0;
    const flush = () => {
      frame = 0;
      const fresh = pending;
      pending = [];
      if (fresh.length > 0) setState((old) => addLines(old, fresh));
    };
    const close = openStream(url, {
      onEvent: (event) => {
        const line = JSON.parse(event.data) as LogLine;
        pending.push({ ...line, line: line.line.replace(escapes, "") });
        if (!frame) frame = window.setTimeout(flush, 50);
      },
      onConnection: (connected) => setState((old) => ({ ...old, connected })),
      onError: (error) => setState((old) => ({ ...old, error })),
      onEnd: () => {
        flush();
        setState((old) => ({ ...old, ended: true }));
      },
    });
    return () => {
      close();
      window.clearTimeout(frame);
    };
  }, [url]);
  return state;
}
