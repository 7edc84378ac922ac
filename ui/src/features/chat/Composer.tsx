import { Paperclip, SendHorizontal } from "lucide-react";
import { useLayoutEffect, useRef, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "@/components";
import { useLocalState } from "@/lib/useLocalState";
import s from "./Chat.module.css";
import { sendMessage } from "./client";

type ComposerProps = { roomId: string; name: string; onFiles: (files: File[]) => void };

const longest = 16_000;

/** Composer keeps what was typed in a room until it is sent, over reloads too. */
export function Composer({ roomId, name, onFiles }: ComposerProps) {
  const { t } = useTranslation("chat");
  const [draft, setDraft] = useLocalState(`croft.draft.${roomId}`, "");
  const area = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);

  useLayoutEffect(() => {
    const el = area.current;
    if (!el) return;
    el.style.height = "auto";
    el.style.height = `${Math.min(el.scrollHeight, 200)}px`;
  }, [draft]);

  const send = () => {
    const text = draft.trim();
    if (!text) return;
    sendMessage(roomId, text);
    setDraft("");
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // Enter that ends the composition of a Chinese word does not send.
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  return (
    <form
      className={s.composer}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <IconButton label={t("attach")} icon={<Paperclip size={18} />} onClick={() => picker.current?.click()} />
      <input
        ref={picker}
        type="file"
        multiple
        hidden
        data-testid="chat-file"
        onChange={(event) => {
          onFiles(Array.from(event.target.files ?? []));
          event.target.value = "";
        }}
      />
      <textarea
        ref={area}
        rows={1}
        maxLength={longest}
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={onKeyDown}
        placeholder={t("placeholder", { name })}
        aria-label={t("placeholder", { name })}
        enterKeyHint="send"
      />
      <IconButton label={t("send")} type="submit" icon={<SendHorizontal size={18} />} disabled={!draft.trim()} />
    </form>
  );
}
