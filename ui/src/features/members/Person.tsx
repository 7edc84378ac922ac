import type { User } from "@/api/types";
import { Avatar } from "@/components";
import s from "./Members.module.css";

export function Person({ user }: { user: User }) {
  return (
    <span className={s.person}>
      <Avatar name={user.displayName || user.name} seed={user.id} size={32} />
      <span>
        <b>{user.displayName || user.name}</b>
        <small>{`@${user.name}`}</small>
      </span>
    </span>
  );
}
