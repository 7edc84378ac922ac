import { describe, expect, test } from "vitest";
import type { Message, Room } from "@/api/types";
import { addHistory, addMessage, emptyState, merge, onEvent, onReady, type ChatState } from "./state";

const message = (seq: number, fields: Partial<Message> = {}): Message => ({
  id: `m${seq}`,
  roomId: "r",
  seq,
  roomSeq: seq,
  clientId: `c${seq}`,
  author: { id: "ann", name: "ann", displayName: "Ann" },
  kind: "text",
  text: `text ${seq}`,
  createdAt: "2026-01-01T00:00:00Z",
  revision: 1,
  ...fields,
});

const room: Room = { id: "r", kind: "all", name: "All", unread: 0, lastSeq: 2, readSeq: 2 };

const ready = (): ChatState =>
  addHistory(onReady(emptyState, { type: "ready", seq: 2, rooms: [room] }), "r", [message(1), message(2)], false);

const event = (m: Message, kind: "message" | "message_changed" = "message") =>
  ({ type: "event", seq: m.seq, event: { kind, room: { id: "r" }, message: m } }) as const;

describe("an event", () => {
  test("appends, counts as unread and moves the sequence on", () => {
    const state = onEvent(ready(), event(message(3)), "bob");
    expect(state.histories.r?.messages.map((m) => m.roomSeq)).toEqual([1, 2, 3]);
    expect(state.rooms.r).toMatchObject({ unread: 1, lastSeq: 3 });
    expect(state.seq).toBe(3);
  });
  test("of one's own message is not unread", () => {
    expect(onEvent(ready(), event(message(3)), "ann").rooms.r?.unread).toBe(0);
  });
  test("that the room's count knew already is not counted again", () => {
    const again = onReady(ready(), { type: "ready", seq: 4, rooms: [{ ...room, lastSeq: 4, unread: 2 }] });
    const state = onEvent(onEvent(again, event(message(3)), "bob"), event(message(4)), "bob");
    expect(state.rooms.r?.unread).toBe(2);
    expect(state.histories.r?.messages).toHaveLength(4);
  });
  test("of a change replaces in place; an older revision does not", () => {
    const newer = onEvent(ready(), event(message(2, { seq: 9, revision: 3, text: "new" }), "message_changed"), "bob");
    const older = onEvent(newer, event(message(2, { seq: 10, revision: 2, text: "old" }), "message_changed"), "bob");
    expect(older.histories.r?.messages.map((m) => m.text)).toEqual(["text 1", "new"]);
  });
});

test("an acknowledgement and the event of one message show it once", () => {
  const sending: ChatState = {
    ...ready(),
    outgoing: [{ clientId: "c3", roomId: "r", text: "text 3", state: "sending" }],
  };
  const acked = addMessage(sending, message(3), "ann");
  expect(acked.outgoing).toEqual([]);
  expect(onEvent(acked, event(message(3)), "ann").histories.r?.messages).toHaveLength(3);
});

test("a reset forgets what was held", () => {
  const state = onReady(ready(), { type: "ready", seq: 1, rooms: [room], reset: true });
  expect(state.histories).toEqual({});
  expect(state.seq).toBe(1);
});

test("an older page goes before what is loaded, without doubles", () => {
  expect(merge([message(2), message(3)], [message(1), message(2)]).map((m) => m.roomSeq)).toEqual([1, 2, 3]);
});
