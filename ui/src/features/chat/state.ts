import type { Message, Room } from "@/api/types";

/** A message on its way: shown at once, acknowledged when the server has committed it. */
export type Outgoing = {
  clientId: string;
  roomId: string;
  text: string;
  state: "sending" | "failed";
  error?: { code: string; message: string };
};

/** The part of a room's messages that is loaded, oldest first and without gaps. */
export type History = { messages: Message[]; more: boolean };

export type ChatState = {
  connected: boolean;
  /** Whether the rooms are known yet. */
  ready: boolean;
  rooms: Record<string, Room>;
  histories: Record<string, History>;
  outgoing: Outgoing[];
  /** The last event held; a new connection asks for what came after it. */
  seq: number;
  /** Up to here the rooms' counts know already what events will tell. */
  countedSeq: number;
};

export const emptyState: ChatState = {
  connected: false,
  ready: false,
  rooms: {},
  histories: {},
  outgoing: [],
  seq: 0,
  countedSeq: 0,
};

export type Ready = { type: "ready"; seq: number; rooms: Room[]; reset?: boolean };
export type EventFrame = {
  type: "event";
  seq: number;
  event:
    | { kind: "message" | "message_changed"; room: { id: string }; message: Message }
    | { kind: "room"; room: Room }
    | { kind: "read"; room: { id: string; readSeq: number; unread: number } };
};

/** onReady takes over the rooms; after a reset nothing that was held continues. */
export function onReady(state: ChatState, frame: Ready): ChatState {
  const first = !state.ready || frame.reset;
  return {
    ...state,
    ready: true,
    rooms: Object.fromEntries(frame.rooms.map((room) => [room.id, room])),
    histories: frame.reset ? {} : state.histories,
    seq: first ? frame.seq : state.seq,
    countedSeq: frame.seq,
  };
}

export function onEvent(state: ChatState, frame: EventFrame, me: string): ChatState {
  const counted = frame.seq <= state.countedSeq;
  const next = { ...state, seq: Math.max(state.seq, frame.seq) };
  const event = frame.event;
  switch (event.kind) {
    case "message":
      return addMessage(next, event.message, me, counted);
    case "message_changed":
      return changeMessage(next, event.message);
    case "room":
      return counted ? next : withRoom(next, event.room.id, event.room);
    case "read":
      return counted ? next : withRoom(next, event.room.id, event.room);
    default:
      return next;
  }
}

/** addMessage shows a message: one that came by an event, or our own acknowledged one. */
export function addMessage(state: ChatState, message: Message, me: string, counted = false): ChatState {
  const room = state.rooms[message.roomId];
  let next: ChatState = {
    ...state,
    outgoing: state.outgoing.filter((o) => o.clientId !== message.clientId || o.roomId !== message.roomId),
  };
  const history = next.histories[message.roomId];
  if (history) next = withHistory(next, message.roomId, { ...history, messages: merge(history.messages, [message]) });
  if (!room || counted || message.roomSeq <= room.lastSeq) return next;
  const mine = message.author?.id === me;
  return withRoom(next, room.id, {
    lastSeq: message.roomSeq,
    lastMessage: message,
    unread: room.unread + (mine || message.roomSeq <= room.readSeq ? 0 : 1),
  });
}

function changeMessage(state: ChatState, message: Message): ChatState {
  let next = state;
  const history = state.histories[message.roomId];
  if (history?.messages.some((m) => m.id === message.id)) {
    next = withHistory(next, message.roomId, { ...history, messages: merge(history.messages, [message]) });
  }
  const room = next.rooms[message.roomId];
  if (room?.lastMessage?.id === message.id && room.lastMessage.revision <= message.revision) {
    next = withRoom(next, room.id, { lastMessage: message });
  }
  return next;
}

/** addHistory puts an older page before what is loaded. */
export function addHistory(state: ChatState, roomId: string, page: Message[], more: boolean): ChatState {
  const known = state.histories[roomId]?.messages ?? [];
  return withHistory(state, roomId, { messages: merge(known, page), more });
}

/** merge keeps each message once, in its newest revision, in the room's order. */
export function merge(known: Message[], fresh: Message[]): Message[] {
  const byId = new Map(known.map((message) => [message.id, message]));
  for (const message of fresh) {
    const old = byId.get(message.id);
    if (!old || old.revision <= message.revision) byId.set(message.id, message);
  }
  return [...byId.values()].sort((a, b) => a.roomSeq - b.roomSeq);
}

export function withRoom(state: ChatState, id: string, fields: Partial<Room>): ChatState {
  const old = state.rooms[id];
  if (!old && !("kind" in fields)) return state;
  return { ...state, rooms: { ...state.rooms, [id]: { ...old, ...fields } as Room } };
}

function withHistory(state: ChatState, id: string, history: History): ChatState {
  return { ...state, histories: { ...state.histories, [id]: history } };
}

/** sorted lists rooms as people look for them: everybody's, projects by name, then direct ones by the last word. */
export function sorted(rooms: Record<string, Room>): { shared: Room[]; direct: Room[] } {
  const all = Object.values(rooms);
  const rank = (room: Room) => (room.kind === "all" ? 0 : 1);
  return {
    shared: all
      .filter((room) => room.kind !== "direct")
      .sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name)),
    direct: all
      .filter((room) => room.kind === "direct")
      .sort((a, b) => (b.lastMessage?.seq ?? 0) - (a.lastMessage?.seq ?? 0)),
  };
}
