import { afterEach, expect, test, vi } from "vitest";
import { openStream, StreamParser } from "./sse";

test("events arrive whole however the bytes are cut", () => {
  const text = 'id: 7\nevent: run\ndata: {"a":1}\n\n: ping\n\ndata: x\ndata: y\n\n';
  for (let cut = 0; cut <= text.length; cut++) {
    const parser = new StreamParser();
    const events = [...parser.push(text.slice(0, cut)), ...parser.push(text.slice(cut))];
    expect(events).toEqual([
      { id: "7", event: "run", data: '{"a":1}' },
      { id: "7", event: "message", data: "x\ny" },
    ]);
  }
});

afterEach(() => vi.unstubAllGlobals());

function stream(text: string) {
  return new Response(text, { status: 200 });
}

test("a lost stream resumes after the last event and stops at the end", async () => {
  const asked: (string | undefined)[] = [];
  const answers = [stream("id: 1\ndata: a\n\n"), stream("id: 2\ndata: b\n\nevent: end\ndata:\n\n")];
  vi.stubGlobal("fetch", (_: string, init: { headers: Record<string, string> }) => {
    asked.push(init.headers["Last-Event-ID"]);
    return Promise.resolve(answers.shift());
  });
  const got: string[] = [];
  await new Promise<void>((resolve) => {
    openStream("/x", { onEvent: (e) => got.push(e.data), onEnd: resolve });
  });
  expect(got).toEqual(["a", "b"]);
  expect(asked).toEqual([undefined, "1"]);
});

test("a refusal is reported and not tried again", async () => {
  let calls = 0;
  vi.stubGlobal("fetch", () => {
    calls++;
    return Promise.resolve(
      new Response(JSON.stringify({ code: "forbidden", message: "no" }), { status: 403 }),
    );
  });
  const error = await new Promise<{ code: string }>((resolve) => {
    openStream("/x", { onEvent: () => undefined, onError: resolve });
  });
  expect(error.code).toBe("forbidden");
  expect(calls).toBe(1);
});
