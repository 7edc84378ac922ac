import { useTranslation } from "react-i18next";
import { useMe } from "@/api/session";
import type { Room } from "@/api/types";

/** useRoomName names a room for whoever is signed in: a direct one by the others in it. */
export function useRoomName(): (room: Room) => string {
  const { t } = useTranslation("chat");
  const me = useMe();
  return (room) => {
    if (room.kind === "all") return t("everyone");
    if (room.kind === "project") return room.name;
    const others = (room.members ?? []).filter((member) => member.id !== me.id);
    return others.length > 0 ? others.map((member) => member.displayName).join(", ") : t("yourself");
  };
}
