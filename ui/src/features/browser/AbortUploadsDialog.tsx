import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorText, problemText } from "@/api/errors";
import { Alert, Button, Dialog, Field, Select, toast } from "@/components";
import { formatBytes, formatNumber } from "@/lib/format";
import s from "./Browser.module.css";
import { abortAll, type Aborted } from "./bulk";
import { useWork } from "./useWork";

type AbortUploadsProps = { bucket: string; prefix: string; onClose: () => void; onAborted: () => void };

const day = 24 * 3600;
const ages = { day, week: 7 * day, month: 30 * day, any: 0 } as const;

type Age = keyof typeof ages;

/** So many of what stayed are named. */
const named = 6;

/** AbortUploadsDialog gives up all uploads that are older than a time, step by step. */
export function AbortUploadsDialog({ bucket, prefix, onClose, onAborted }: AbortUploadsProps) {
  const { t } = useTranslation("browser");
  const [age, setAge] = useState<Age>("week");
  const [done, setDone] = useState<Aborted>();
  const work = useWork();
  const start = () =>
    void work.run(async (signal) => {
      try {
        const all = await abortAll(bucket, prefix, ages[age], setDone, signal);
        if (all.failures.length > 0) return; // they are shown
        toast.ok(t("unfinished.aborted", { count: all.aborted }));
        onClose();
      } finally {
        onAborted();
      }
    });
  const failures = work.busy ? [] : (done?.failures ?? []);
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && !work.busy && onClose()}
      title={prefix ? t("unfinished.abortIn", { name: prefix }) : t("unfinished.abortAll")}
      description={t("unfinished.abortAllHint")}
      onSubmit={() => !work.busy && start()}
      footer={
        <>
          <Button onClick={() => (work.busy ? work.stop() : onClose())}>{work.busy ? t("stop") : t("common:cancel")}</Button>
          <Button type="submit" variant="danger" busy={work.busy}>
            {t("unfinished.abort")}
          </Button>
        </>
      }
    >
      <Field label={t("unfinished.older")}>
        <Select value={age} disabled={work.busy} onChange={(event) => setAge(event.target.value as Age)}>
          {Object.keys(ages).map((one) => (
            <option key={one} value={one}>
              {t(`unfinished.age.${one as Age}`)}
            </option>
          ))}
        </Select>
      </Field>
      {age === "any" && <Alert tone="warn">{t("unfinished.anyWarning")}</Alert>}
      {done && (
        <p role="status" className={s.working}>
          {t("unfinished.going", { count: done.aborted, number: formatNumber(done.aborted), size: formatBytes(done.bytes) })}
        </p>
      )}
      {failures.length > 0 && (
        <Alert tone="danger" title={t("unfinished.failures", { count: failures.length })}>
          <ul className={s.names}>
            {failures.slice(0, named).map((failure) => (
              <li key={failure.key}>
                {failure.key}: {problemText({ problem: failure.message, problemCode: failure.code })}
              </li>
            ))}
            {failures.length > named && <li>{t("remove.more", { count: failures.length - named })}</li>}
          </ul>
        </Alert>
      )}
      {work.error !== undefined && <Alert tone="danger">{errorText(work.error)}</Alert>}
    </Dialog>
  );
}
