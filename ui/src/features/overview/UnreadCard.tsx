import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { MessagesSquare } from "lucide-react";
import { useTranslation } from "react-i18next";
import { roomsQuery } from "@/api/queries";
import { Card, Count, QueryView, Skeleton } from "@/components";
import { roomPath } from "@/lib/paths";
import s from "./Overview.module.css";

/** UnreadCard lists the rooms with something new. */
export function UnreadCard() {
  const { t } = useTranslation("overview");
  const rooms = useQuery(roomsQuery);
  return (
    <Card title={t("unread")} flush>
      <QueryView
        query={rooms}
        bare
        skeleton={
          <div className={s.quiet}>
            <Skeleton width="70%" />
          </div>
        }
      >
        {(list) => {
          const unread = list.filter((room) => room.unread > 0).slice(0, 5);
          if (unread.length === 0) return <p className={s.quiet}>{t("allRead")}</p>;
          return (
            <div className={s.rows}>
              {unread.map((room) => (
                <Link key={room.id} to={roomPath(room.id)} className={s.row}>
                  <MessagesSquare size={17} aria-hidden />
                  <span>
                    <b>{room.kind === "all" ? t("everyone") : room.name}</b>
                    {room.lastMessage?.text && <small>{room.lastMessage.text}</small>}
                  </span>
                  <Count value={room.unread} label={t("unreadCount", { count: room.unread })} />
                </Link>
              ))}
            </div>
          );
        }}
      </QueryView>
    </Card>
  );
}
