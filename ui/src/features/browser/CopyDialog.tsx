import { useQuery } from "@tanstack/react-query";
import { ChevronLeft, Folder } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { errorText, problemText } from "@/api/errors";
import { bucketsQuery } from "@/api/queries";
import { Alert, Button, Checkbox, Dialog, Field, Input, Select, toast } from "@/components";
import { formatNumber } from "@/lib/format";
import s from "./Browser.module.css";
import { copyAll, planOf, type CopyOutcome, type CopyPlan } from "./bulk";
import { changed } from "./changes";
import type { Entry } from "./keys";
import { useWork } from "./useWork";

type CopyProps = {
  bucket: string;
  prefix: string;
  entries: Entry[];
  /** Everything that begins so, instead of entries. */
  all?: string;
  onClose: () => void;
  onDone: () => void;
};

/** CopyDialog copies or moves what is chosen into another folder or bucket. */
export function CopyDialog({ bucket, prefix, entries, all, onClose, onDone }: CopyProps) {
  const { t } = useTranslation("browser");
  const [toBucket, setToBucket] = useState(bucket);
  const [to, setTo] = useState(prefix);
  const [replace, setReplace] = useState(false);
  const buckets = useQuery(bucketsQuery).data?.filter((candidate) => !candidate.system) ?? [];
  const transfer = useTransfer(bucket, onDone, onClose);
  const folder = to === "" || to.endsWith("/") ? to : `${to}/`;
  const here = toBucket === bucket && folder === prefix;
  const start = (move: boolean) => {
    const plan = planOf(entries, { bucket: toBucket, prefix: folder }, move, replace);
    if (all !== undefined) plan.prefixes.push({ from: all, to: folder + all.slice(prefix.length) });
    transfer.start(plan);
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && !transfer.busy && onClose()}
      title={all !== undefined ? t("copy.all") : entries.length === 1 ? t("copy.one", { name: entries[0]?.name }) : t("copy.many", { count: entries.length })}
      footer={
        <>
          <Button onClick={() => (transfer.busy ? transfer.stop() : onClose())}>{transfer.busy ? t("stop") : t("common:cancel")}</Button>
          <Button disabled={here} busy={transfer.busy} onClick={() => start(false)}>
            {t("copy.copy")}
          </Button>
          <Button variant="primary" disabled={here} busy={transfer.busy} onClick={() => start(true)}>
            {t("copy.move")}
          </Button>
        </>
      }
    >
      <Field label={t("copy.bucket")}>
        <Select
          value={toBucket}
          onChange={(event) => {
            setToBucket(event.target.value);
            setTo("");
          }}
        >
          {buckets.map(({ name }) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </Select>
      </Field>
      <Field label={t("copy.folder")} hint={t("copy.folderHint")}>
        <Input value={to} onChange={(event) => setTo(event.target.value)} mono spellCheck={false} />
      </Field>
      <Folders bucket={toBucket} prefix={folder} onPick={setTo} />
      <Checkbox label={t("copy.replace")} hint={t("copy.replaceHint")} checked={replace} onChange={(event) => setReplace(event.target.checked)} />
      <Outcome transfer={transfer} />
    </Dialog>
  );
}

/** Folders lets a target be found without typing it. */
function Folders({ bucket, prefix, onPick }: { bucket: string; prefix: string; onPick: (prefix: string) => void }) {
  const { t } = useTranslation("browser");
  const folders = useQuery({
    queryKey: ["buckets", bucket, "folders", prefix],
    queryFn: ({ signal }) =>
      body(
        api.GET("/api/v1/buckets/{bucket}/objects", {
          params: { path: { bucket }, query: { prefix, delimiter: "/", limit: 500 } },
          signal,
        }),
      ),
  });
  return (
    <ul className={s.folders} aria-label={t("copy.folders")}>
      {prefix !== "" && (
        <li>
          <button type="button" onClick={() => onPick(prefix.slice(0, prefix.slice(0, -1).lastIndexOf("/") + 1))}>
            <ChevronLeft size={16} aria-hidden />
            {t("copy.up")}
          </button>
        </li>
      )}
      {folders.data?.prefixes.map((folder) => (
        <li key={folder}>
          <button type="button" onClick={() => onPick(folder)}>
            <Folder size={16} aria-hidden />
            {folder.slice(prefix.length)}
          </button>
        </li>
      ))}
      {folders.data?.prefixes.length === 0 && <li className={s.quiet}>{t("copy.noFolders")}</li>}
    </ul>
  );
}

/** RenameDialog gives an object or a folder another name in its folder. */
export function RenameDialog({ bucket, prefix, entry, onClose, onDone }: Omit<CopyProps, "entries" | "all"> & { entry: Entry }) {
  const { t } = useTranslation("browser");
  const [name, setName] = useState(entry.name);
  const transfer = useTransfer(bucket, onDone, onClose);
  const wanted = name.trim();
  const same = wanted === entry.name || wanted === "";
  const start = () => {
    const plan: CopyPlan = { toBucket: bucket, items: [], prefixes: [], move: true, replace: false };
    if (entry.kind === "object") plan.items.push({ from: entry.key, to: prefix + wanted });
    else plan.prefixes.push({ from: entry.key, to: `${prefix}${wanted.replace(/\/+$/, "")}/` });
    transfer.start(plan);
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && !transfer.busy && onClose()}
      title={t("rename.title", { name: entry.name })}
      onSubmit={() => !same && !transfer.busy && start()}
      footer={
        <>
          <Button onClick={() => (transfer.busy ? transfer.stop() : onClose())}>{transfer.busy ? t("stop") : t("common:cancel")}</Button>
          <Button type="submit" variant="primary" disabled={same} busy={transfer.busy}>
            {t("rename.action")}
          </Button>
        </>
      }
    >
      <Field label={t("rename.name")} hint={entry.kind === "folder" ? t("rename.folderHint") : undefined}>
        <Input value={name} onChange={(event) => setName(event.target.value)} autoComplete="off" spellCheck={false} />
      </Field>
      <Outcome transfer={transfer} />
    </Dialog>
  );
}

type Transfer = ReturnType<typeof useTransfer>;

function useTransfer(bucket: string, onDone: () => void, onClose: () => void) {
  const { t } = useTranslation("browser");
  const work = useWork();
  const [outcome, setOutcome] = useState<CopyOutcome>({ done: 0, failures: [] });
  return {
    ...work,
    outcome,
    start: (plan: CopyPlan) => {
      setOutcome({ done: 0, failures: [] });
      void work.run(async (signal) => {
        try {
          const end = await copyAll(bucket, plan, setOutcome, signal);
          if (end.failures.length > 0) return;
          toast.ok(plan.move ? t("copy.moved", { count: end.done }) : t("copy.copied", { count: end.done }));
          onDone();
          onClose();
        } finally {
          await changed(bucket);
          if (plan.toBucket !== bucket) await changed(plan.toBucket);
        }
      });
    },
  };
}

function Outcome({ transfer: { busy, outcome, error } }: { transfer: Transfer }) {
  const { t } = useTranslation("browser");
  const { done, failures } = outcome;
  return (
    <>
      {busy && <p role="status">{t("copy.going", { number: formatNumber(done) })}</p>}
      {failures.length > 0 && (
        <Alert tone="danger">
          {t("copy.failures", { count: failures.length })}
          <ul className={s.names}>
            {failures.slice(0, 8).map((failure) => (
              <li key={failure.key}>
                <code>{failure.key}</code>: {problemText({ problem: failure.message, problemCode: failure.code })}
              </li>
            ))}
          </ul>
        </Alert>
      )}
      {error !== undefined && <Alert tone="danger">{errorText(error)}</Alert>}
    </>
  );
}
