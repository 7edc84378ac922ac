import { CircleAlert, CircleCheck, Info, X } from "lucide-react";
import { useEffect, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { errorText } from "@/api/errors";
import { cx } from "@/lib/cx";
import { IconButton } from "./Button";
import s from "./Toast.module.css";

type Tone = "ok" | "danger" | "info";
type Toast = { id: number; tone: Tone; text: string };

let toasts: Toast[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

function change(next: Toast[]) {
  toasts = next;
  for (const listener of listeners) listener();
}

function show(tone: Tone, text: string) {
  lastId++;
  change([...toasts.filter((t) => t.text !== text).slice(-2), { id: lastId, tone, text }]);
}

/** toast says in passing that something was done or was not. */
export const toast = {
  ok: (text: string) => show("ok", text),
  info: (text: string) => show("info", text),
  /** An error from the API, in the user's language. */
  error: (error: unknown) => show("danger", errorText(error)),
};

const icons = { ok: CircleCheck, danger: CircleAlert, info: Info };
const lifetimes: Record<Tone, number> = { ok: 5000, info: 6000, danger: 10_000 };

/** Toaster is mounted once; its region is always there so that new words are read aloud. */
export function Toaster() {
  const { t } = useTranslation();
  const list = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
  return (
    <div className={s.region} role="region" aria-label={t("notifications")} aria-live="polite">
      {list.map((item) => (
        <ToastView key={item.id} item={item} onClose={() => change(toasts.filter((x) => x.id !== item.id))} />
      ))}
    </div>
  );
}

function ToastView({ item, onClose }: { item: Toast; onClose: () => void }) {
  const { t } = useTranslation();
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (held) return undefined;
    const timer = setTimeout(onClose, lifetimes[item.tone]);
    return () => clearTimeout(timer);
  });
  const Icon = icons[item.tone];
  return (
    <div
      className={cx(s.toast, s[item.tone])}
      onMouseEnter={() => setHeld(true)}
      onMouseLeave={() => setHeld(false)}
    >
      <Icon size={17} aria-hidden />
      <span className={s.text}>{item.text}</span>
      <IconButton className={s.close} size="sm" label={t("close")} icon={<X size={15} />} onClick={onClose} />
    </div>
  );
}
