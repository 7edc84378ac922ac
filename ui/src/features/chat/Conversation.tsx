import { Link } from "@tanstack/react-router";
import { ArrowLeft, WifiOff } from "lucide-react";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Room } from "@/api/types";
import { Button, ErrorState, Skeleton, toast } from "@/components";
import { useMe } from "@/api/session";
import s from "./Chat.module.css";
import { loadHistory, markRead, sendFile, useChat } from "./client";
import { Composer } from "./Composer";
import { MessageList } from "./MessageList";
import { useRoomName } from "./useRoomName";

/** Conversation is one room: its messages, newest at the bottom, and where to write. */
export function Conversation({ room }: { room: Room }) {
  const { t } = useTranslation("chat");
  const chat = useChat();
  const me = useMe();
  const name = useRoomName()(room);
  const history = chat.histories[room.id];
  const box = useRef<HTMLDivElement>(null);
  const [atEnd, setAtEnd] = useState(true);
  const [error, setError] = useState<unknown>();
  const [loading, setLoading] = useState(false);
  const outgoing = chat.outgoing.filter((o) => o.roomId === room.id);
  const loaded = history !== undefined;
  const messages = history?.messages ?? [];
  const newest = messages.at(-1)?.roomSeq ?? 0;
  const oldest = messages[0]?.roomSeq ?? 0;

  const load = () => {
    setLoading(true);
    setError(undefined);
    loadHistory(room.id)
      .catch(setError)
      .finally(() => setLoading(false));
  };
  // eslint-disable-next-line react-hooks/exhaustive-deps -- a room is loaded once, and again after a reset
  useEffect(() => (loaded ? undefined : load()), [loaded]);

  // Older messages come in above: what is read must not move.
  const before = useRef({ oldest: 0, height: 0 });
  useLayoutEffect(() => {
    const el = box.current;
    if (!el) return;
    if (atEnd) el.scrollTop = el.scrollHeight;
    else if (oldest < before.current.oldest) el.scrollTop += el.scrollHeight - before.current.height;
    before.current = { oldest, height: el.scrollHeight };
  }, [newest, oldest, outgoing.length, atEnd, history]);

  useEffect(() => {
    const read = () => {
      if (document.visibilityState === "visible" && atEnd && loaded) markRead(room.id).catch(() => undefined);
    };
    read();
    document.addEventListener("visibilitychange", read);
    return () => document.removeEventListener("visibilitychange", read);
  }, [room.id, room.lastSeq, atEnd, loaded]);

  const onScroll = () => {
    const el = box.current;
    if (el) setAtEnd(el.scrollHeight - el.scrollTop - el.clientHeight < 40);
  };
  const attach = (files: Iterable<File>) => {
    for (const file of files) sendFile(room.id, file).catch(toast.error);
  };
  return (
    <div
      className={s.conversation}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        attach(event.dataTransfer.files);
      }}
    >
      <header className={s.head}>
        <Link to="/chat" className={s.back} aria-label={t("rooms")}>
          <ArrowLeft size={18} aria-hidden />
        </Link>
        <h2>{name}</h2>
        {room.projectSlug && (
          <Link to="/projects/$project" params={{ project: room.projectSlug }} className={s.headLink}>
            {t("toProject")}
          </Link>
        )}
        {!chat.connected && (
          <span className={s.offline} role="status">
            <WifiOff size={14} aria-hidden />
            {t("offline")}
          </span>
        )}
      </header>
      <div className={s.scroll} ref={box} onScroll={onScroll} tabIndex={0} role="log" aria-label={name}>
        {error !== undefined && <ErrorState bare error={error} onRetry={load} />}
        {history?.more && messages.length > 0 && (
          <p className={s.earlier}>
            <Button size="sm" busy={loading} onClick={load}>
              {t("earlier")}
            </Button>
          </p>
        )}
        {loading && messages.length === 0 && (
          <div className={s.loading} aria-hidden>
            <Skeleton width="45%" />
            <Skeleton width="70%" />
            <Skeleton width="55%" />
          </div>
        )}
        {history && !history.more && messages.length === 0 && outgoing.length === 0 && (
          <p className={s.first}>{room.kind === "project" ? t("firstInProject") : t("first")}</p>
        )}
        <MessageList messages={messages} outgoing={outgoing} me={me.id} />
      </div>
      <Composer roomId={room.id} name={name} onFiles={attach} />
    </div>
  );
}
