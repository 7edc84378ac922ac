import { useQueryClient } from "@tanstack/react-query";
import { RotateCcw } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/client";
import { drivesQuery } from "@/api/queries";
import { useMe } from "@/api/session";
import type { DriveHealth } from "@/api/types";
import { Badge, Button, ConfirmDialog, Progress, toast, type Tone } from "@/components";
import { formatBytes, formatDuration } from "@/lib/format";
import s from "./Settings.module.css";

const tones: Record<DriveHealth["state"], Tone> = {
  ok: "ok",
  slow: "warn",
  healing: "info",
  failing: "warn",
  offline: "danger",
};

export function DriveCard({ drive }: { drive: DriveHealth }) {
  const { t } = useTranslation("settings");
  const me = useMe();
  const used = drive.totalBytes - drive.freeBytes;
  return (
    <section className={s.drive} aria-label={drive.path}>
      <div className={s.driveHead}>
        <code>{drive.path}</code>
        <Badge tone={tones[drive.state]}>{t(`drives.state.${drive.state}`)}</Badge>
      </div>
      {drive.totalBytes > 0 && (
        <>
          <Progress
            value={used}
            max={drive.totalBytes}
            label={t("drives.used")}
            tone={used > drive.totalBytes * 0.9 ? "danger" : undefined}
          />
          <small>
            {t("drives.space", { free: formatBytes(drive.freeBytes), total: formatBytes(drive.totalBytes) })}
          </small>
        </>
      )}
      {drive.healing && <Healing progress={drive.healing} />}
      {drive.readErrors + drive.writeErrors > 0 && (
        <small>{t("drives.errors", { reads: drive.readErrors, writes: drive.writeErrors })}</small>
      )}
      {drive.message && <p className={s.reason}>{drive.message}</p>}
      {drive.state === "failing" && drive.id && me.admin && <Reset drive={drive} />}
    </section>
  );
}

/** Healing says how far a drive is that is being filled. */
function Healing({ progress }: { progress: NonNullable<DriveHealth["healing"]> }) {
  const { t } = useTranslation("settings");
  const { doneBytes, totalBytes, bytesPerSecond, secondsLeft } = progress;
  const figures = { done: formatBytes(doneBytes), total: formatBytes(totalBytes), speed: formatBytes(bytesPerSecond) };
  return (
    <>
      <Progress value={doneBytes} max={totalBytes} label={t("drives.healed")} />
      <small>
        {secondsLeft < 0
          ? t("drives.healedOf", figures)
          : t("drives.healedLeft", { ...figures, left: formatDuration(secondsLeft * 1000) })}
      </small>
    </>
  );
}

/** Reset takes a drive back into use that an error took out. */
function Reset({ drive }: { drive: DriveHealth }) {
  const { t } = useTranslation("settings");
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const path = drive.path;
  return (
    <div>
      <Button size="sm" icon={<RotateCcw size={15} />} onClick={() => setAsking(true)}>
        {t("drives.reset.do")}
      </Button>
      <ConfirmDialog
        open={asking}
        onOpenChange={setAsking}
        harmless
        title={t("drives.reset.title", { path })}
        body={
          <div className={s.steps}>
            <p>{t("drives.reset.body")}</p>
            {drive.message && (
              <p>
                <b>{t("drives.reset.reason")}</b>
                <br />
                {drive.message}
              </p>
            )}
            <p>{t("drives.reset.worn")}</p>
          </div>
        }
        confirm={t("drives.reset.do")}
        onConfirm={async () => {
          await api.POST("/api/v1/health/drives/{drive}/reset", { params: { path: { drive: drive.id } } });
          await client.invalidateQueries({ queryKey: drivesQuery.queryKey });
          toast.ok(t("drives.reset.done", { path }));
        }}
      />
    </div>
  );
}
