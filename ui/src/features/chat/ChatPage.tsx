import { useParams } from "@tanstack/react-router";
import { MessagesSquare } from "lucide-react";
import { useTranslation } from "react-i18next";
import { EmptyState, Skeleton, useDocumentTitle } from "@/components";
import { cx } from "@/lib/cx";
import s from "./Chat.module.css";
import { useChat } from "./client";
import { Conversation } from "./Conversation";
import { RoomList } from "./RoomList";
import { useRoomName } from "./useRoomName";

/** ChatPage is the rooms and one of them; a phone shows one or the other. */
export function ChatPage() {
  const { t } = useTranslation("chat");
  const { room: roomId } = useParams({ strict: false });
  const chat = useChat();
  const nameOf = useRoomName();
  const room = roomId ? chat.rooms[roomId] : undefined;
  useDocumentTitle(room ? nameOf(room) : t("title"));
  return (
    <div className={cx(s.chat, roomId && s.inRoom)}>
      <RoomList current={roomId} />
      <section className={s.main} aria-label={room ? nameOf(room) : t("title")}>
        {room ? (
          <Conversation key={room.id} room={room} />
        ) : chat.ready ? (
          <EmptyState bare icon={<MessagesSquare size={22} />} title={roomId ? t("noRoom") : t("choose")}>
            <p>{roomId ? t("noRoomHint") : t("chooseHint")}</p>
          </EmptyState>
        ) : (
          <div className={s.loading}>
            <Skeleton width="40%" />
            <Skeleton width="65%" />
            <Skeleton width="52%" />
          </div>
        )}
      </section>
    </div>
  );
}
