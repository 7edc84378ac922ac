import { toApiError, type ApiError } from "./errors";

export type StreamEvent = { id: string; event: string; data: string };

export type StreamOptions = {
  onEvent: (event: StreamEvent) => void;
  /** The stream is over (`event: end`): no further attempt follows. */
  onEnd?: () => void;
  /** The server refused for good (4xx). Lost connections are not reported here but retried. */
  onError?: (error: ApiError) => void;
  /** Told when the connection opens or is lost. */
  onConnection?: (connected: boolean) => void;
  lastEventId?: string;
};

const firstDelay = 500;
const longestDelay = 15_000;

/**
 * openStream follows a server-sent event stream and resumes it with Last-Event-ID until the server
 * sends `event: end` or the returned function is called. fetch is used instead of EventSource
 * because that one hides the status of a refusal and reconnects after the end.
 */
export function openStream(url: string, options: StreamOptions): () => void {
  const abort = new AbortController();
  let lastId = options.lastEventId ?? "";
  let delay = firstDelay;

  async function attempt(): Promise<"ended" | "lost"> {
    const headers: Record<string, string> = { Accept: "text/event-stream" };
    if (lastId) headers["Last-Event-ID"] = lastId;
    const response = await fetch(url, { headers, signal: abort.signal, cache: "no-store" });
    if (response.status >= 400 && response.status < 500 && response.status !== 429) {
      options.onError?.(await toApiError(response));
      return "ended";
    }
    if (!response.ok || !response.body) return "lost";
    options.onConnection?.(true);
    delay = firstDelay;
    const parser = new StreamParser();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return "lost";
      for (const event of parser.push(value)) {
        if (event.id) lastId = event.id;
        if (event.event === "end") {
          abort.abort();
          options.onEnd?.();
          return "ended";
        }
        options.onEvent(event);
      }
    }
  }

  async function run() {
    while (!abort.signal.aborted) {
      let outcome: "ended" | "lost" = "lost";
      try {
        outcome = await attempt();
      } catch {
        // The connection broke; the loop tries again from the last event.
      }
      if (outcome === "ended" || abort.signal.aborted) return;
      options.onConnection?.(false);
      await new Promise((resolve) => setTimeout(resolve, delay));
      delay = Math.min(delay * 2, longestDelay);
    }
  }

  void run();
  return () => abort.abort();
}

/** StreamParser turns text in arbitrary pieces into events. */
export class StreamParser {
  private rest = "";
  private event = "";
  private data: string[] = [];
  private id = "";

  push(text: string): StreamEvent[] {
    const events: StreamEvent[] = [];
    const lines = (this.rest + text).split(/\r\n|\n/);
    this.rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") {
        if (this.data.length > 0 || this.event) {
          events.push({ id: this.id, event: this.event || "message", data: this.data.join("\n") });
        }
        this.event = "";
        this.data = [];
        continue;
      }
      if (line.startsWith(":")) continue;
      const colon = line.indexOf(":");
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (field === "data") this.data.push(value);
      else if (field === "event") this.event = value;
      else if (field === "id") this.id = value;
    }
    return events;
  }
}
