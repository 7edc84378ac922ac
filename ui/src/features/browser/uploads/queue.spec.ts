import { createHash } from "node:crypto";
import { File as NodeFile } from "node:buffer";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { ApiError } from "@/api/errors";
import { Queue } from "./queue";
import { readRecords } from "./records";
import type { Sending, Stored, Transport } from "./transport";

const mib = 1 << 20;
const partETag = (number: number, size: number) => createHash("md5").update(`${number} ${size}`).digest("hex");

/** The ETags of small files. */
const digests = new WeakMap<Blob, string>();

/** A server whose requests end when a test lets them. */
class FakeServer implements Transport {
  objects = new Map<string, number>();
  uploads = new Map<string, Map<number, number>>();
  /** Of the objects that were made of parts. */
  etags = new Map<string, string>();
  sent: string[] = [];
  fails: { pattern: RegExp; error: unknown; times: number }[] = [];
  hold = false;
  held: (() => void)[] = [];
  /** The next completion, or whole file, is stored, but nobody hears of it. */
  losesAnswer = false;
  /** When the objects came there: another time for each. */
  times = new Map<string, string>();
  private clock = 0;
  private ids = 0;

  private request<T = void>(name: string, onSent: () => void, then: () => void, answer?: T): Sending<T> {
    let reject: (reason: unknown) => void = () => undefined;
    const done = new Promise<T>((resolve, refuse) => {
      reject = refuse;
      const go = () => {
        const trouble = this.fails.find((f) => f.pattern.test(name) && f.times > 0);
        if (trouble) {
          trouble.times--;
          refuse(trouble.error as Error);
          return;
        }
        onSent();
        try {
          then();
        } catch (error) {
          refuse(error as Error);
          return;
        }
        this.sent.push(name);
        if (this.losesAnswer && name.startsWith("whole")) {
          this.losesAnswer = false;
          refuse(network);
        } else resolve(answer as T);
      };
      if (this.hold) this.held.push(go);
      else setTimeout(go);
    });
    return { done, abort: () => reject(new DOMException("", "AbortError")) };
  }
  existing = (_: string, keys: string[]) =>
    Promise.resolve(
      keys
        .filter((key) => this.objects.has(key))
        .map((key) => ({
          key,
          size: this.objects.get(key) ?? 0,
          etag: this.etags.get(key) ?? "",
          modifiedAt: this.times.get(key) ?? "",
        })),
    );
  /** store is what a write does, whoever makes it. */
  store(key: string, content: Blob) {
    this.objects.set(key, content.size);
    this.etags.set(key, digests.get(content) ?? "");
    this.times.set(key, `at ${++this.clock}`);
  }
  whole: Transport["whole"] = ({ key }, file, expected, onSent) => {
    return this.request(
      `whole ${key}${expected === "nothing" ? "" : " replacing"}`,
      () => onSent(file.size),
      () => {
        const now = this.objects.has(key) ? (this.etags.get(key) ?? "") : undefined;
        const wanted = expected === "nothing" ? undefined : expected?.etag;
        if (expected !== undefined && now !== wanted) throw new ApiError(409, "precondition_failed", "");
        this.store(key, file);
      },
    );
  };
  start = () => {
    const id = `u${++this.ids}`;
    this.uploads.set(id, new Map());
    return Promise.resolve(id);
  };
  stored = (_: unknown, id: string): Promise<Stored[] | undefined> => {
    const parts = this.uploads.get(id);
    return Promise.resolve(parts && [...parts].map(([number, size]) => ({ number, size, etag: partETag(number, size) })));
  };
  part: Transport["part"] = (_, id, number, piece, onSent) =>
    this.request(`part ${number}`, () => onSent(piece.size), () => this.uploads.get(id)?.set(number, piece.size), partETag(number, piece.size));
  complete: Transport["complete"] = ({ key }, id, size, parts) => {
    const trouble = this.fails.find((f) => f.pattern.test("complete") && f.times > 0);
    if (trouble) {
      trouble.times--;
      return Promise.reject(trouble.error as Error);
    }
    if (!this.uploads.has(id)) return Promise.reject(new ApiError(404, "upload_not_found", ""));
    expect(this.uploads.get(id)?.size).toBe(parts);
    const digests = [...(this.uploads.get(id) ?? [])].sort(([a], [b]) => a - b).map(([number, bytes]) => partETag(number, bytes));
    this.etags.set(key, `${createHash("md5").update(Buffer.from(digests.join(""), "hex")).digest("hex")}-${parts}`);
    this.objects.set(key, size);
    this.uploads.delete(id);
    this.sent.push("complete");
    if (this.losesAnswer) {
      this.losesAnswer = false;
      return Promise.reject(network);
    }
    return Promise.resolve();
  };
  abort = (_: unknown, id: string) => {
    this.uploads.delete(id);
    return Promise.resolve();
  };
}

// That of jsdom cannot be read.
const file = (size: number, name = "f", byte = 1, lastModified = 1000) => {
  const content = new Uint8Array(size).fill(byte);
  const made = new NodeFile([content], name, { lastModified }) as unknown as File;
  if (size < mib) digests.set(made, createHash("md5").update(content).digest("hex"));
  return made;
};
const quick = { user: () => "u", onDone: () => undefined, wait: () => Promise.resolve() };
const states = (queue: Queue) => queue.read().uploads.map((upload) => `${upload.key} ${upload.state}`);
const network = new ApiError(0, "network", "");

beforeEach(() => localStorage.clear());

describe("the queue", () => {
  test("sends small files whole and large ones in parts", async () => {
    const server = new FakeServer();
    const queue = new Queue(server, quick);
    await queue.add("b", [{ key: "small", file: file(10) }, { key: "large", file: file(40 * mib) }]);
    await vi.waitFor(() => expect(queue.read().summary.finished).toBe(2));
    expect(server.sent.sort()).toEqual(["complete", "part 1", "part 2", "part 3", "whole small"]);
    expect(server.objects.get("large")).toBe(40 * mib);
    expect(readRecords()).toEqual([]);
  });

  test("goes on after a reload with the parts that are missing", async () => {
    const server = new FakeServer();
    server.fails = [{ pattern: /part 3/, error: new ApiError(403, "forbidden", ""), times: 1 }];
    const before = new Queue(server, quick);
    await before.add("b", [{ key: "large", file: file(40 * mib) }]);
    await vi.waitFor(() => expect(before.read().summary.failed).toBe(1));
    await vi.waitFor(() => expect(server.uploads.get("u1")?.size).toBe(2));
    server.sent = [];
    const after = new Queue(server, quick);
    await after.add("b", [{ key: "large", file: file(40 * mib) }]);
    await vi.waitFor(() => expect(after.read().summary.finished).toBe(1));
    expect(server.sent).toEqual(["part 3", "complete"]);
  });

  test.each([
    ["another of the same name and size", file(40 * mib, "f", 2)],
    ["what it was before it was changed", file(40 * mib, "f", 1, 2000)],
  ])("does not mix a file with %s", async (_, other) => {
    const server = new FakeServer();
    server.fails = [{ pattern: /part 3/, error: new ApiError(403, "forbidden", ""), times: 1 }];
    const before = new Queue(server, quick);
    await before.add("b", [{ key: "large", file: file(40 * mib) }]);
    await vi.waitFor(() => expect(before.read().summary.failed).toBe(1));
    server.sent = [];
    const after = new Queue(server, quick);
    await after.add("b", [{ key: "large", file: other }]);
    await vi.waitFor(() => expect(after.read().summary.finished).toBe(1));
    expect(server.sent).toEqual(["part 1", "part 2", "part 3", "complete"]);
  });

  test("tries again by itself while the server is away", async () => {
    const server = new FakeServer();
    server.fails = [
      { pattern: /part/, error: network, times: 5 },
      { pattern: /complete/, error: network, times: 1 },
    ];
    const queue = new Queue(server, quick);
    await queue.add("b", [{ key: "large", file: file(40 * mib) }]);
    await vi.waitFor(() => expect(states(queue)).toEqual(["large done"]));
  });

  test("takes what was completed for arrived when the answer was lost", async () => {
    const server = new FakeServer();
    server.losesAnswer = true;
    const queue = new Queue(server, quick);
    await queue.add("b", [{ key: "large", file: file(40 * mib) }]);
    await vi.waitFor(() => expect(states(queue)).toEqual(["large done"]));
    expect(server.sent.filter((name) => name === "complete")).toEqual(["complete"]);
    expect(server.sent.length).toBe(4);
  });

  test("does not take another's object of the same size for its own", async () => {
    const server = new FakeServer();
    const queue = new Queue(server, {
      ...quick,
      wait: () => {
        // The upload was aborted, and somebody put something else there.
        server.uploads.clear();
        server.objects.set("large", 40 * mib);
        server.etags.set("large", "0123456789abcdef0123456789abcdef-3");
        return Promise.resolve();
      },
    });
    server.fails = [{ pattern: /complete/, error: network, times: 1 }];
    await queue.add("b", [{ key: "large", file: file(40 * mib) }]);
    await vi.waitFor(() => expect(states(queue)).toEqual(["large done"]));
    expect(server.sent.sort()).toEqual(["complete", "part 1", "part 1", "part 2", "part 2", "part 3", "part 3"]);
  });

  test("asks where the key is taken, and keeps both", async () => {
    const server = new FakeServer();
    server.objects.set("a.txt", 1).set("b.txt", 1).set("c.txt", 1);
    const queue = new Queue(server, quick);
    await queue.add("b", ["a.txt", "b.txt", "c.txt", "d.txt"].map((key) => ({ key, file: file(5) })));
    await vi.waitFor(() => expect(queue.read().summary.finished).toBe(1));
    expect(queue.read().conflicts.map((upload) => upload.key)).toEqual(["a.txt", "b.txt", "c.txt"]);
    await queue.resolve("skip", false);
    await queue.resolve("replace", false);
    await queue.resolve("both", true);
    await vi.waitFor(() => expect(queue.read().summary.finished).toBe(3));
    expect(server.sent.sort()).toEqual(["whole b.txt replacing", "whole c (2).txt", "whole d.txt"]);
    expect(server.objects.get("a.txt")).toBe(1);
  });

  describe("when the answer to a whole file is lost", () => {
    const wholes = (server: FakeServer) => server.sent.filter((name) => name.startsWith("whole"));

    test("takes what was stored for arrived, and sends it once", async () => {
      const server = new FakeServer();
      server.losesAnswer = true;
      const queue = new Queue(server, quick);
      await queue.add("b", [{ key: "a", file: file(5) }]);
      await vi.waitFor(() => expect(states(queue)).toEqual(["a done"]));
      expect(wholes(server)).toEqual(["whole a"]);
    });

    test.each([
      ["other", file(5, "f", 2)],
      ["the same", file(5)],
    ])("replaces %s content once", async (_, old) => {
      const server = new FakeServer();
      server.store("a", old);
      server.losesAnswer = true;
      const queue = new Queue(server, quick);
      await queue.add("b", [{ key: "a", file: file(5) }]);
      await queue.resolve("replace", false);
      await vi.waitFor(() => expect(states(queue)).toEqual(["a done"]));
      expect(wholes(server)).toEqual(["whole a replacing"]);
    });

    test("does not take what was there before for its own, though it is the same", async () => {
      const server = new FakeServer();
      server.store("a", file(5));
      server.fails = [{ pattern: /whole/, error: network, times: 1 }];
      const queue = new Queue(server, quick);
      await queue.add("b", [{ key: "a", file: file(5) }]);
      await queue.resolve("replace", false);
      await vi.waitFor(() => expect(states(queue)).toEqual(["a done"]));
      expect(wholes(server)).toEqual(["whole a replacing"]);
    });

    test("sends again what was not stored", async () => {
      const server = new FakeServer();
      server.store("b", file(5, "f", 2));
      server.fails = [{ pattern: /whole/, error: network, times: 2 }];
      const queue = new Queue(server, quick);
      await queue.add("b", [{ key: "a", file: file(5) }, { key: "b", file: file(5) }]);
      await queue.resolve("replace", false);
      await vi.waitFor(() => expect(queue.read().summary.finished).toBe(2));
      expect(wholes(server).sort()).toEqual(["whole a", "whole b replacing"]);
    });

    test("knows its own where the first attempt was stored after it looked", async () => {
      const server = new FakeServer();
      server.fails = [{ pattern: /whole/, error: network, times: 1 }];
      const queue = new Queue(server, quick);
      const sent = file(5);
      const existing = server.existing;
      let looks = 0;
      server.existing = async (bucket, keys) => {
        const found = await existing(bucket, keys);
        if (++looks === 2) server.store("a", sent);
        return found;
      };
      await queue.add("b", [{ key: "a", file: sent }]);
      await vi.waitFor(() => expect(states(queue)).toEqual(["a done"]));
      expect(wholes(server)).toEqual([]);
    });

    test("asks where somebody else's took the key meanwhile", async () => {
      const server = new FakeServer();
      server.fails = [{ pattern: /whole/, error: network, times: 1 }];
      const queue = new Queue(server, {
        ...quick,
        wait: () => {
          server.store("a", file(5, "f", 2));
          return Promise.resolve();
        },
      });
      await queue.add("b", [{ key: "a", file: file(5) }]);
      await vi.waitFor(() => expect(states(queue)).toEqual(["a conflict"]));
      await queue.resolve("replace", false);
      await vi.waitFor(() => expect(states(queue)).toEqual(["a done"]));
      expect(server.etags.get("a")).toBe(digests.get(file(5)));
    });

    test("asks again where another was put in the place of what is to be replaced", async () => {
      const server = new FakeServer();
      server.store("a", file(5, "f", 2));
      const queue = new Queue(server, quick);
      await queue.add("b", [{ key: "a", file: file(5) }]);
      server.store("a", file(7, "f", 3));
      await queue.resolve("replace", false);
      await vi.waitFor(() => expect(states(queue)).toEqual(["a conflict"]));
      expect(server.objects.get("a")).toBe(7);
      await queue.resolve("replace", false);
      await vi.waitFor(() => expect(states(queue)).toEqual(["a done"]));
      expect(server.objects.get("a")).toBe(5);
    });

    test("sends nothing before it could look", async () => {
      const server = new FakeServer();
      server.losesAnswer = true;
      const queue = new Queue(server, quick);
      const existing = server.existing;
      let looks = 0;
      server.existing = (bucket, keys) => (++looks === 2 ? Promise.reject(network) : existing(bucket, keys));
      await queue.add("b", [{ key: "a", file: file(5) }]);
      await vi.waitFor(() => expect(states(queue)).toEqual(["a done"]));
      expect(looks).toBe(3);
      expect(wholes(server)).toEqual(["whole a"]);
    });

    test("looks too when it was paused before the answer came", async () => {
      const server = new FakeServer();
      const queue = new Queue(server, quick);
      server.hold = true;
      const sent = file(5);
      await queue.add("b", [{ key: "a", file: sent }]);
      await vi.waitFor(() => expect(server.held.length).toBe(1));
      await vi.waitFor(() => expect(states(queue)).toEqual(["a sending"]));
      queue.pause(queue.read().uploads[0]?.id ?? 0);
      await vi.waitFor(() => expect(states(queue)).toEqual(["a paused"]));
      server.store("a", sent); // it had arrived
      queue.resume(queue.read().uploads[0]?.id ?? 0);
      await vi.waitFor(() => expect(states(queue)).toEqual(["a done"]));
      expect(server.held.length).toBe(1);
    });
  });

  test("asks also when the key was taken meanwhile", async () => {
    const server = new FakeServer();
    server.fails = [{ pattern: /whole/, error: new ApiError(409, "precondition_failed", ""), times: 1 }];
    const queue = new Queue(server, quick);
    await queue.add("b", [{ key: "a", file: file(5) }]);
    await vi.waitFor(() => expect(queue.read().conflicts.length).toBe(1));
  });

  test("pauses, goes on and cancels", async () => {
    const server = new FakeServer();
    server.hold = true;
    const queue = new Queue(server, quick);
    await queue.add("b", [{ key: "large", file: file(40 * mib) }]);
    await vi.waitFor(() => expect(server.held.length).toBe(3));
    await vi.waitFor(() => expect(states(queue)).toEqual(["large sending"]));
    const id = queue.read().uploads[0]?.id ?? 0;
    queue.pause(id);
    await vi.waitFor(() => expect(states(queue)).toEqual(["large paused"]));
    server.hold = false;
    queue.resume(id);
    await vi.waitFor(() => expect(states(queue)).toEqual(["large done"]));
    server.hold = true;
    await queue.add("b", [{ key: "other", file: file(40 * mib) }]);
    await vi.waitFor(() => expect(server.uploads.size).toBe(1));
    await queue.cancelAll();
    await vi.waitFor(() => expect(queue.read().uploads).toEqual([]));
    expect(server.uploads.size).toBe(0);
    expect(readRecords()).toEqual([]);
  });

  test("offers what a reload interrupted, to its own user only", async () => {
    const server = new FakeServer();
    server.fails = [{ pattern: /part/, error: new ApiError(403, "forbidden", ""), times: 3 }];
    const before = new Queue(server, quick);
    await before.add("b", [{ key: "x/large", file: file(40 * mib) }]);
    await vi.waitFor(() => expect(before.read().summary.failed).toBe(1));
    expect(before.read().interrupted).toEqual([]);
    expect(new Queue(server, { ...quick, user: () => "another" }).read().interrupted).toEqual([]);
    const after = new Queue(server, quick);
    const record = after.read().interrupted[0];
    if (!record) throw new Error("nothing was kept");
    expect(record.key).toBe("x/large");
    expect(after.goOn(record, file(41 * mib))).toBe(false);
    expect(after.goOn(record, file(40 * mib))).toBe(true);
    await vi.waitFor(() => expect(states(after)).toEqual(["x/large done"]));
  });
});
