import { RotateCw, X } from "lucide-react";
import { useTranslation } from "react-i18next";
import { errorText } from "@/api/errors";
import { IconButton, Progress } from "@/components";
import { cx } from "@/lib/cx";
import { formatBytes } from "@/lib/format";
import s from "./Browser.module.css";
import { cancelUpload, clearUploads, retryUpload, useUploads, type Upload } from "./uploads";

/** UploadPanel shows what is on its way; it stays until everything ended and was put away. */
export function UploadPanel() {
  const { t } = useTranslation("buckets");
  const uploads = useUploads();
  if (uploads.length === 0) return null;
  const open = uploads.filter((upload) => upload.state === "waiting" || upload.state === "sending").length;
  return (
    <section className={s.panel} aria-label={t("upload.panel")} data-testid="uploads">
      <div className={s.panelHead}>
        <span aria-live="polite">{open > 0 ? t("upload.going", { count: open }) : t("upload.allDone")}</span>
        {open === 0 && (
          <IconButton size="sm" label={t("upload.clear")} icon={<X size={16} />} onClick={clearUploads} />
        )}
      </div>
      <ul className={s.panelList}>
        {uploads.map((upload) => (
          <Row key={upload.id} upload={upload} />
        ))}
      </ul>
    </section>
  );
}

function Row({ upload }: { upload: Upload }) {
  const { t } = useTranslation("buckets");
  const over = upload.state === "failed" || upload.state === "canceled";
  const state = () => {
    if (upload.state === "failed") return errorText(upload.error);
    if (upload.state === "sending") {
      return t("upload.sent", { sent: formatBytes(upload.sent), size: formatBytes(upload.size) });
    }
    return t(`upload.${upload.state}`);
  };
  return (
    <li className={s.job}>
      <span className={s.jobName} title={upload.key}>
        {upload.key}
      </span>
      {over && (
        <IconButton
          size="sm"
          label={t("common:retry")}
          icon={<RotateCw size={15} />}
          onClick={() => retryUpload(upload.id)}
        />
      )}
      {(upload.state === "waiting" || upload.state === "sending") && (
        <IconButton
          size="sm"
          label={t("upload.cancel", { name: upload.key })}
          icon={<X size={15} />}
          onClick={() => cancelUpload(upload.id)}
        />
      )}
      <span className={cx(s.jobState, upload.state === "failed" && s.jobFailed)}>{state()}</span>
      {upload.state === "sending" && (
        <Progress value={upload.sent} max={upload.size} label={t("upload.progress", { name: upload.key })} />
      )}
    </li>
  );
}
