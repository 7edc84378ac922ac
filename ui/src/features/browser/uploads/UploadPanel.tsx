import { ChevronDown, ChevronUp, Pause, Play, RotateCw, X } from "lucide-react";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { errorText } from "@/api/errors";
import { Button, IconButton, Progress, toast } from "@/components";
import { cx } from "@/lib/cx";
import { formatBytes, formatDuration } from "@/lib/format";
import { queue, useUploads } from ".";
import { ConflictDialog } from "./ConflictDialog";
import type { Summary, Upload } from "./queue";
import type { UploadRecord } from "./records";
import s from "./UploadPanel.module.css";

/** UploadPanel shows what is on its way, and what a reload interrupted. */
export function UploadPanel() {
  const { t } = useTranslation("browser");
  const { uploads, summary, conflicts, interrupted } = useUploads();
  const [folded, setFolded] = useState(false);
  if (uploads.length === 0 && interrupted.length === 0) return null;
  const moving = summary.open > 0;
  return (
    <>
      <section className={s.panel} aria-label={t("uploads.title")} data-testid="uploads">
        <div className={s.head}>
          <span aria-live="polite">
            {moving
              ? t("uploads.going", { count: summary.open })
              : summary.failed > 0
                ? t("uploads.failed", { count: summary.failed })
                : uploads.length > 0
                  ? t("uploads.allDone")
                  : t("uploads.interrupted", { count: interrupted.length })}
          </span>
          {moving &&
            (summary.paused ? (
              <IconButton size="sm" label={t("uploads.resumeAll")} icon={<Play size={16} />} onClick={() => queue.resumeAll()} />
            ) : (
              <IconButton size="sm" label={t("uploads.pauseAll")} icon={<Pause size={16} />} onClick={() => queue.pauseAll()} />
            ))}
          {!moving && summary.failed > 0 && (
            <IconButton size="sm" label={t("uploads.retryFailed")} icon={<RotateCw size={16} />} onClick={() => queue.retryFailed()} />
          )}
          <IconButton
            size="sm"
            label={folded ? t("uploads.unfold") : t("uploads.fold")}
            aria-expanded={!folded}
            icon={folded ? <ChevronUp size={16} /> : <ChevronDown size={16} />}
            onClick={() => setFolded(!folded)}
          />
          {uploads.length > 0 && (
            <IconButton
              size="sm"
              label={moving || summary.failed > 0 ? t("uploads.cancelAll") : t("uploads.clear")}
              icon={<X size={16} />}
              onClick={() => void (moving || summary.failed > 0 ? queue.cancelAll() : queue.clear())}
            />
          )}
        </div>
        {moving && <Total summary={summary} />}
        {!folded && (
          <ul className={s.list}>
            {interrupted.map((record) => (
              <Interrupted key={record.id} record={record} />
            ))}
            {uploads.map((upload) => (
              <Row key={upload.id} upload={upload} />
            ))}
          </ul>
        )}
      </section>
      <ConflictDialog conflict={conflicts[0]} count={conflicts.length} />
    </>
  );
}

function Total({ summary }: { summary: Summary }) {
  const { t } = useTranslation("browser");
  const left = summary.secondsLeft;
  return (
    <div className={s.total}>
      <Progress value={summary.sent} max={summary.bytes} label={t("uploads.total")} />
      <span>
        {t("uploads.sent", { sent: formatBytes(summary.sent), size: formatBytes(summary.bytes) })}
        {summary.paused
          ? ` · ${t("uploads.paused")}`
          : summary.speed > 0 && ` · ${t("uploads.speed", { speed: formatBytes(summary.speed) })}`}
        {!summary.paused && left !== undefined && left > 0 && ` · ${t("uploads.left", { time: formatDuration(left * 1000) })}`}
      </span>
    </div>
  );
}

function Row({ upload }: { upload: Upload }) {
  const { t } = useTranslation("browser");
  const { state } = upload;
  const words = () => {
    if (state === "failed") return errorText(upload.error);
    if (upload.waitingForServer) return t("uploads.waitingForServer");
    if (state === "sending" || state === "paused") {
      const sent = t("uploads.sent", { sent: formatBytes(upload.sent), size: formatBytes(upload.size) });
      const more = state === "paused" ? t("uploads.paused") : upload.resumed ? t("uploads.resumed") : "";
      return more ? `${sent} · ${more}` : sent;
    }
    return t(`uploads.state.${state}`);
  };
  return (
    <li className={s.job} data-state={state}>
      <span className={s.name} title={upload.key}>
        {upload.key}
      </span>
      <span className={s.buttons}>
        {state === "failed" && (
          <IconButton size="sm" label={t("uploads.retry", { name: upload.key })} icon={<RotateCw size={15} />} onClick={() => queue.resume(upload.id)} />
        )}
        {(state === "sending" || state === "waiting") && (
          <IconButton size="sm" label={t("uploads.pause", { name: upload.key })} icon={<Pause size={15} />} onClick={() => queue.pause(upload.id)} />
        )}
        {state === "paused" && (
          <IconButton size="sm" label={t("uploads.resume", { name: upload.key })} icon={<Play size={15} />} onClick={() => queue.resume(upload.id)} />
        )}
        {state !== "done" && (
          <IconButton size="sm" label={t("uploads.cancel", { name: upload.key })} icon={<X size={15} />} onClick={() => void queue.cancel(upload.id)} />
        )}
      </span>
      <span className={cx(s.state, state === "failed" && s.bad)}>{words()}</span>
      {(state === "sending" || state === "paused") && (
        <Progress value={upload.sent} max={upload.size} label={t("uploads.progress", { name: upload.key })} />
      )}
    </li>
  );
}

function Interrupted({ record }: { record: UploadRecord }) {
  const { t } = useTranslation("browser");
  const input = useRef<HTMLInputElement>(null);
  const name = record.key.slice(record.key.lastIndexOf("/") + 1);
  return (
    <li className={s.job}>
      <span className={s.name} title={`${record.bucket}/${record.key}`}>
        {record.key}
      </span>
      <span className={s.buttons}>
        <IconButton size="sm" label={t("uploads.giveUp", { name: record.key })} icon={<X size={15} />} onClick={() => void queue.giveUp(record)} />
      </span>
      <span className={s.state}>{t("uploads.chooseAgain", { name, size: formatBytes(record.size) })}</span>
      <span className={s.again}>
        <Button size="sm" onClick={() => input.current?.click()}>
          {t("uploads.choose")}
        </Button>
        <input
          ref={input}
          type="file"
          hidden
          onChange={(event) => {
            const file = event.target.files?.[0];
            event.target.value = "";
            if (file && !queue.goOn(record, file)) toast.info(t("uploads.notTheSame", { name }));
          }}
        />
      </span>
    </li>
  );
}
