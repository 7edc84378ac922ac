import { Link } from "@tanstack/react-router";
import { Globe, Hash, Plus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Room } from "@/api/types";
import { Avatar, Count, IconButton, Skeleton } from "@/components";
import { cx } from "@/lib/cx";
import s from "./Chat.module.css";
import { useChat } from "./client";
import { NewDirectDialog } from "./NewDirectDialog";
import { sorted } from "./state";
import { useRoomName } from "./useRoomName";

export function RoomList({ current }: { current?: string }) {
  const { t } = useTranslation("chat");
  const chat = useChat();
  const [adding, setAdding] = useState(false);
  const { shared, direct } = sorted(chat.rooms);
  return (
    <nav className={s.rooms} aria-label={t("rooms")}>
      <h1 className={s.roomsTitle} tabIndex={-1} data-page-title>
        {t("title")}
      </h1>
      {!chat.ready && (
        <div className={s.loading} aria-hidden>
          <Skeleton width="70%" />
          <Skeleton width="55%" />
        </div>
      )}
      <ul>
        {shared.map((room) => (
          <RoomLink key={room.id} room={room} current={room.id === current} />
        ))}
      </ul>
      <div className={s.roomsGroup}>
        <h2>{t("direct")}</h2>
        <IconButton size="sm" label={t("newDirect")} icon={<Plus size={16} />} onClick={() => setAdding(true)} />
      </div>
      <ul>
        {direct.map((room) => (
          <RoomLink key={room.id} room={room} current={room.id === current} />
        ))}
      </ul>
      {chat.ready && direct.length === 0 && <p className={s.quiet}>{t("noDirect")}</p>}
      <NewDirectDialog open={adding} onOpenChange={setAdding} />
    </nav>
  );
}

function RoomLink({ room, current }: { room: Room; current: boolean }) {
  const { t } = useTranslation("chat");
  const name = useRoomName()(room);
  return (
    <li>
      <Link
        to="/chat/$room"
        params={{ room: room.id }}
        className={cx(s.room, current && s.current, room.unread > 0 && s.unread)}
        aria-current={current ? "page" : undefined}
      >
        {room.kind === "direct" ? (
          <Avatar name={name} seed={room.id} size={22} />
        ) : room.kind === "all" ? (
          <Globe size={17} aria-hidden />
        ) : (
          <Hash size={17} aria-hidden />
        )}
        <span className={s.roomName}>{name}</span>
        <Count value={room.unread} label={t("unread", { count: room.unread })} />
      </Link>
    </li>
  );
}
