import { useSyncExternalStore } from "react";
import { api, body, csrfHeaders } from "@/api/client";
import { toApiError } from "@/api/errors";
import { roomsQuery } from "@/api/queries";
import { onSessionEnd, queryClient, sessionQuery } from "@/api/session";
import type { Message } from "@/api/types";
import { addHistory, addMessage, emptyState, onEvent, onReady, withRoom } from "./state";
import type { ChatState, EventFrame, Outgoing, Ready } from "./state";

const pageSize = 50;
const firstDelay = 500;
const longestDelay = 15_000;
const pingEvery = 25_000;
/** A message without an acknowledgement after this is offered for another try. */
const ackTimeout = 15_000;
const closedForGood = 4001;

type Frame =
  | Ready
  | EventFrame
  | { type: "ack"; clientId: string; message: Message }
  | { type: "nack"; clientId: string; code: string; message: string }
  | { type: "pong" };

let state: ChatState = emptyState;
let socket: WebSocket | undefined;
let delay = firstDelay;
let retry = 0;
let wanted = false;
const listeners = new Set<() => void>();
const waiting = new Map<string, number>();

function set(next: ChatState) {
  const roomsChanged = next.rooms !== state.rooms;
  state = next;
  if (roomsChanged && next.ready) queryClient.setQueryData(roomsQuery.queryKey, Object.values(next.rooms));
  for (const listener of listeners) listener();
}

function me(): string {
  return queryClient.getQueryData(sessionQuery.queryKey)?.user.id ?? "";
}

function connect() {
  window.clearTimeout(retry);
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const ws = new WebSocket(`${scheme}://${location.host}/api/v1/chat/socket`);
  socket = ws;
  let ping = 0;
  ws.onopen = () => {
    ws.send(JSON.stringify({ type: "hello", since: state.seq }));
    ping = window.setInterval(() => ws.send(JSON.stringify({ type: "ping" })), pingEvery);
  };
  ws.onmessage = (event) => receive(JSON.parse(event.data as string) as Frame);
  ws.onclose = (event) => {
    window.clearInterval(ping);
    if (socket !== ws) return;
    socket = undefined;
    set({ ...state, connected: false });
    if (event.code === closedForGood) void queryClient.invalidateQueries({ queryKey: sessionQuery.queryKey });
    if (!wanted) return;
    retry = window.setTimeout(connect, delay);
    delay = Math.min(delay * 2, longestDelay);
  };
}

function receive(frame: Frame) {
  switch (frame.type) {
    case "ready":
      delay = firstDelay;
      set({ ...onReady(state, frame), connected: true });
      for (const outgoing of state.outgoing.filter((o) => o.state === "sending")) transmit(outgoing);
      break;
    case "event":
      set(onEvent(state, frame, me()));
      break;
    case "ack":
      settle(frame.clientId);
      set(addMessage(state, frame.message, me()));
      break;
    case "nack":
      settle(frame.clientId);
      set(failed(frame.clientId, { code: frame.code, message: frame.message }));
      break;
  }
}

function failed(clientId: string, error: Outgoing["error"]): ChatState {
  return {
    ...state,
    outgoing: state.outgoing.map((o) => (o.clientId === clientId ? { ...o, state: "failed", error } : o)),
  };
}

function settle(clientId: string) {
  window.clearTimeout(waiting.get(clientId));
  waiting.delete(clientId);
}

function transmit(outgoing: Outgoing) {
  settle(outgoing.clientId);
  waiting.set(
    outgoing.clientId,
    window.setTimeout(() => set(failed(outgoing.clientId, undefined)), ackTimeout),
  );
  if (socket?.readyState !== WebSocket.OPEN || !state.ready) return; // sent when the connection is back
  const { clientId, roomId, text } = outgoing;
  socket.send(JSON.stringify({ type: "send", clientId, roomId, text }));
}

/** sendMessage shows the text at once; the same client ID makes another try harmless. */
export function sendMessage(roomId: string, text: string) {
  const outgoing: Outgoing = { clientId: newClientId(), roomId, text, state: "sending" };
  set({ ...state, outgoing: [...state.outgoing, outgoing] });
  transmit(outgoing);
}

export function resendMessage(clientId: string) {
  const outgoing = state.outgoing.find((o) => o.clientId === clientId);
  if (!outgoing) return;
  set({
    ...state,
    outgoing: state.outgoing.map((o) => (o.clientId === clientId ? { ...o, state: "sending", error: undefined } : o)),
  });
  transmit(outgoing);
}

export function discardMessage(clientId: string) {
  set({ ...state, outgoing: state.outgoing.filter((o) => o.clientId !== clientId) });
}

/** newClientId works on plain http too, where crypto.randomUUID does not exist. */
function newClientId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (n) => n.toString(16).padStart(2, "0")).join("");
}

/** loadHistory fetches the page before what is loaded; events of the room are kept from its first call on. */
export async function loadHistory(roomId: string) {
  if (!state.histories[roomId]) set(addHistory(state, roomId, [], true));
  const before = state.histories[roomId]?.messages[0]?.roomSeq;
  const page = await body(
    api.GET("/api/v1/chat/rooms/{id}/messages", {
      params: { path: { id: roomId }, query: { before, limit: pageSize } },
    }),
  );
  set(addHistory(state, roomId, page.items, Boolean(page.next)));
}

export async function sendFile(roomId: string, file: File) {
  const query = new URLSearchParams({ name: file.name, clientId: newClientId() });
  const response = await fetch(`/api/v1/chat/rooms/${encodeURIComponent(roomId)}/files?${query.toString()}`, {
    method: "POST",
    headers: { ...csrfHeaders(), "Content-Type": file.type || "application/octet-stream" },
    body: file,
  });
  if (!response.ok) throw await toApiError(response);
  set(addMessage(state, (await response.json()) as Message, me()));
}

export async function markRead(roomId: string) {
  const room = state.rooms[roomId];
  if (!room || (room.unread === 0 && room.readSeq >= room.lastSeq)) return;
  const roomSeq = room.lastSeq;
  set(withRoom(state, roomId, { unread: 0, readSeq: roomSeq }));
  await api.POST("/api/v1/chat/rooms/{id}/read", { params: { path: { id: roomId } }, body: { roomSeq } });
}

export async function openDirect(userIds: string[]) {
  const room = await body(api.POST("/api/v1/chat/rooms", { body: { userIds } }));
  set(withRoom(state, room.id, room));
  return room;
}

function stop() {
  wanted = false;
  window.clearTimeout(retry);
  socket?.close();
  socket = undefined;
  for (const clientId of waiting.keys()) settle(clientId);
  set(emptyState);
}

function start() {
  if (wanted) return;
  wanted = true;
  connect();
}

onSessionEnd(stop);

function subscribe(listener: () => void) {
  listeners.add(listener);
  start();
  return () => {
    listeners.delete(listener);
  };
}

/** useChat is all that is known of the chat; the connection lives as long as the session. */
export function useChat(): ChatState {
  return useSyncExternalStore(subscribe, () => state);
}

/** useUnread is how many messages wait in all rooms. */
export function useUnread(): number {
  return Object.values(useChat().rooms).reduce((sum, room) => sum + room.unread, 0);
}
