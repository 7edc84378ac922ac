import { RotateCw, X } from "lucide-react";
import { Fragment } from "react";
import { useTranslation } from "react-i18next";
import type { Message } from "@/api/types";
import { Avatar, CroftMark, IconButton } from "@/components";
import { formatDate, formatExact, formatTime } from "@/lib/format";
import s from "./Chat.module.css";
import { discardMessage, resendMessage } from "./client";
import { FileMessage } from "./FileMessage";
import { RunCardView } from "./RunCardView";
import type { Outgoing } from "./state";
import { Text } from "./Text";

type MessageListProps = { messages: Message[]; outgoing: Outgoing[]; me: string };

/** Messages of one person that follow each other this closely share one name line. */
const together = 5 * 60_000;

export function MessageList({ messages, outgoing, me }: MessageListProps) {
  return (
    <ol className={s.messages}>
      {messages.map((message, index) => {
        const previous = messages[index - 1];
        const day = formatDate(message.createdAt);
        const newDay = !previous || formatDate(previous.createdAt) !== day;
        return (
          <Fragment key={message.id}>
            {newDay && (
              <li className={s.day}>
                <span>{day}</span>
              </li>
            )}
            <MessageItem message={message} continued={!newDay && continues(previous, message)} mine={message.author?.id === me} />
          </Fragment>
        );
      })}
      {outgoing.map((item) => (
        <OutgoingItem key={item.clientId} item={item} />
      ))}
    </ol>
  );
}

function continues(previous: Message | undefined, message: Message): boolean {
  return (
    previous !== undefined &&
    message.kind !== "card" &&
    previous.kind !== "card" &&
    previous.author?.id === message.author?.id &&
    Date.parse(message.createdAt) - Date.parse(previous.createdAt) < together
  );
}

function MessageItem({ message, continued, mine }: { message: Message; continued: boolean; mine: boolean }) {
  const { t } = useTranslation("chat");
  const name = message.author?.displayName ?? "Croft";
  return (
    <li className={s.message} data-continued={continued || undefined} data-mine={mine || undefined}>
      <span className={s.face}>
        {!continued &&
          (message.author ? <Avatar name={name} seed={message.author.id} size={32} /> : <CroftMark size={32} />)}
      </span>
      <div className={s.content}>
        {!continued && (
          <p className={s.by}>
            <b>{name}</b>
            <time dateTime={message.createdAt} title={formatExact(message.createdAt)}>
              {formatTime(message.createdAt)}
            </time>
          </p>
        )}
        {message.card ? (
          <RunCardView card={message.card} />
        ) : message.file ? (
          <FileMessage file={message.file} />
        ) : (
          <Text text={message.text} />
        )}
        {message.editedAt && message.kind === "text" && <small className={s.edited}>{t("edited")}</small>}
      </div>
    </li>
  );
}

function OutgoingItem({ item }: { item: Outgoing }) {
  const { t } = useTranslation("chat");
  const failed = item.state === "failed";
  return (
    <li className={s.message} data-state={item.state}>
      <span className={s.face} />
      <div className={s.content}>
        <Text text={item.text} />
        <p className={s.sending} role={failed ? "alert" : undefined}>
          {failed ? (item.error?.message ?? t("notSent")) : t("sending")}
          {failed && (
            <>
              <IconButton
                size="sm"
                label={t("common:retry")}
                icon={<RotateCw size={14} />}
                onClick={() => resendMessage(item.clientId)}
              />
              <IconButton
                size="sm"
                label={t("discard")}
                icon={<X size={14} />}
                onClick={() => discardMessage(item.clientId)}
              />
            </>
          )}
        </p>
      </div>
    </li>
  );
}
