import { useEffect, useState } from "react";
import { Trans, useTranslation } from "react-i18next";
import { errorText } from "@/api/errors";
import { Alert, Button, Checkbox, Dialog, Field, Input, Progress, toast } from "@/components";
import { formatBytes, formatNumber } from "@/lib/format";
import s from "./Browser.module.css";
import { countAll, deleteAll, type Count, type Targets } from "./bulk";
import { changed } from "./changes";
import type { Entry } from "./keys";
import { useWork } from "./useWork";

type DeleteProps = {
  bucket: string;
  /** What is chosen, by name; with all of it in targets. */
  entries: Entry[];
  targets: Targets;
  versioned: boolean;
  onClose: () => void;
  onDeleted: () => void;
};

/** So many names are shown of what goes. */
const named = 6;

/** DeleteObjectsDialog counts what would go, asks, and deletes step by step. */
export function DeleteObjectsDialog({ bucket, entries, targets, versioned, onClose, onDeleted }: DeleteProps) {
  const { t } = useTranslation("browser");
  const [forEver, setForEver] = useState(false);
  const [typed, setTyped] = useState("");
  const [count, setCount] = useState<Count & { whole: boolean }>();
  const [done, setDone] = useState(0);
  const work = useWork();
  const only = entries.length === 1 && !targets.all ? entries[0] : undefined;
  const deep = targets.prefixes.length > 0;
  const final = !versioned || forEver;
  const word = deep && final ? (only?.name ?? bucket) : undefined;
  useEffect(() => {
    const stop = new AbortController();
    const known = entries.reduce(
      (sum, entry) => (entry.kind === "object" ? { objects: sum.objects + 1, bytes: sum.bytes + entry.object.size } : sum),
      { objects: 0, bytes: 0 },
    );
    countAll(bucket, targets.prefixes, known, (so) => setCount({ ...so, whole: false }), stop.signal)
      .then((all) => setCount({ ...all, whole: true }))
      .catch(() => undefined); // it is a help; what cannot be counted can still be deleted
    return () => stop.abort();
  }, [bucket, entries, targets]);
  const start = () =>
    void work.run(async (signal) => {
      try {
        const deleted = await deleteAll(bucket, targets, forEver, setDone, signal);
        toast.ok(forEver ? t("remove.doneVersions", { count: deleted }) : t("remove.done", { count: deleted }));
        onDeleted();
        onClose();
      } finally {
        await changed(bucket);
      }
    });
  const title = () => {
    if (only) return t("remove.one", { name: only.name });
    if (entries.length > 0) return t("remove.many", { count: entries.length });
    const prefix = targets.prefixes[0] ?? "";
    return prefix === "" || prefix.endsWith("/") ? t("remove.all", { name: prefix || bucket }) : t("remove.begins", { name: prefix });
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && !work.busy && onClose()}
      title={title()}
      onSubmit={() => (word === undefined || typed === word) && !work.busy && start()}
      footer={
        <>
          <Button onClick={() => (work.busy ? work.stop() : onClose())}>{work.busy ? t("stop") : t("common:cancel")}</Button>
          <Button type="submit" variant="danger" busy={work.busy} disabled={word !== undefined && typed !== word}>
            {t("common:delete")}
          </Button>
        </>
      }
    >
      {entries.length > 1 && (
        <ul className={s.names}>
          {entries.slice(0, named).map((entry) => (
            <li key={entry.key}>
              {entry.name}
              {entry.kind === "folder" && "/"}
            </li>
          ))}
          {entries.length > named && <li>{t("remove.more", { count: entries.length - named })}</li>}
        </ul>
      )}
      <p role="status">
        {count && (
          <strong>
            {t("remove.count", { count: count.objects, number: formatNumber(count.objects), size: formatBytes(count.bytes) })}
            {!count.whole && ` ${t("remove.counting")}`}
          </strong>
        )}{" "}
        {final ? t("remove.body") : t("remove.kept")}
      </p>
      {versioned && (
        <Checkbox
          label={t("remove.versions")}
          hint={t("remove.versionsHint")}
          checked={forEver}
          disabled={work.busy}
          onChange={(event) => setForEver(event.target.checked)}
        />
      )}
      {word !== undefined && !work.busy && (
        <Field label={<Trans i18nKey="common:typeToConfirm" values={{ name: word }} components={{ code: <code /> }} />}>
          <Input value={typed} onChange={(event) => setTyped(event.target.value)} autoComplete="off" spellCheck={false} mono />
        </Field>
      )}
      {work.busy && (
        <div className={s.working}>
          <Progress value={done} max={Math.max(count?.objects ?? 0, done, 1)} label={t("remove.progress")} />
          <span>{t("remove.going", { number: formatNumber(done) })}</span>
        </div>
      )}
      {work.error !== undefined && <Alert tone="danger">{errorText(work.error)}</Alert>}
    </Dialog>
  );
}
