import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ScanSearch, Square } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/client";
import { drivesQuery } from "@/api/queries";
import { useMe } from "@/api/session";
import type { DrivesHealth } from "@/api/types";
import { Button, Card, ConfirmDialog, Fact, Facts, FutureTime, Progress, Time, toast } from "@/components";
import { formatBytes, formatDuration } from "@/lib/format";
import s from "./Settings.module.css";

type ScrubState = DrivesHealth["scrub"];

/** ScrubCard says how far the reading and checking of everything is, and starts or stops it. */
export function ScrubCard({ health }: { health: DrivesHealth }) {
  const { t } = useTranslation("settings");
  const me = useMe();
  const { scrub } = health;
  return (
    <Card
      title={t("scrub.title")}
      description={health.parityShards > 0 ? t("scrub.description") : t("scrub.descriptionSingle")}
      actions={me.admin && <Steering scrub={scrub} />}
    >
      <Facts>
        <Fact name={t("scrub.now")}>
          <Now scrub={scrub} />
        </Fact>
        {scrub.startedAt && (
          <Fact name={t("scrub.found")}>{t("scrub.damaged", { count: scrub.damaged })}</Fact>
        )}
        {scrub.nextAt && !scrub.asked && (
          <Fact name={scrub.startedAt ? t("scrub.next") : t("scrub.nextBegins")}>
            <FutureTime value={scrub.nextAt} />
          </Fact>
        )}
        <Fact name={t("scrub.last")}>
          {scrub.last ? (
            <>
              <Time value={scrub.last.finishedAt} /> · {t("scrub.lastRead", { bytes: formatBytes(scrub.last.bytes) })}
            </>
          ) : (
            t("scrub.neverYet")
          )}
        </Fact>
        {scrub.last && (
          <Fact name={t("scrub.lastFound")}>{t("scrub.damaged", { count: scrub.last.damaged })}</Fact>
        )}
      </Facts>
    </Card>
  );
}

/** Now is what the scrub does at the moment. */
function Now({ scrub }: { scrub: ScrubState }) {
  const { t } = useTranslation("settings");
  if (!scrub.running) {
    if (scrub.asked) return <>{t("scrub.waiting")}</>;
    return <>{scrub.startedAt ? t("scrub.paused", { done: formatBytes(scrub.bytes) }) : t("scrub.idle")}</>;
  }
  const left = scrub.totalBytes - scrub.bytes;
  const figures = {
    done: formatBytes(scrub.bytes),
    total: formatBytes(scrub.totalBytes),
    speed: formatBytes(scrub.bytesPerSecond),
  };
  // What is read in a day is only a part: when all was read can be told only of one that was asked for.
  const known = scrub.asked && scrub.bytesPerSecond > 0 && left > 0;
  return (
    <div className={s.steps}>
      <Progress value={scrub.bytes} max={scrub.totalBytes} label={t("scrub.progress")} />
      <span>
        {known
          ? t("scrub.readLeft", { ...figures, left: formatDuration((left / scrub.bytesPerSecond) * 1000) })
          : t("scrub.read", figures)}
      </span>
    </div>
  );
}

function Steering({ scrub }: { scrub: ScrubState }) {
  const { t } = useTranslation("settings");
  const client = useQueryClient();
  const [stopping, setStopping] = useState(false);
  const look = () => client.invalidateQueries({ queryKey: drivesQuery.queryKey });
  const start = useMutation({
    mutationFn: () => api.POST("/api/v1/health/scrub"),
    onSuccess: () => {
      void look();
      toast.ok(t("scrub.started"));
    },
    onError: toast.error,
  });
  return (
    <div className={s.buttons}>
      {(scrub.running || scrub.asked) && (
        <Button icon={<Square size={14} />} onClick={() => setStopping(true)}>
          {t("scrub.stop")}
        </Button>
      )}
      {!scrub.asked && (
        <Button icon={<ScanSearch size={16} />} busy={start.isPending} onClick={() => start.mutate()}>
          {t("scrub.start")}
        </Button>
      )}
      <ConfirmDialog
        open={stopping}
        onOpenChange={setStopping}
        harmless
        title={t("scrub.stopTitle")}
        body={t("scrub.stopBody")}
        confirm={t("scrub.stop")}
        onConfirm={async () => {
          await api.DELETE("/api/v1/health/scrub");
          await look();
          toast.ok(t("scrub.stopped"));
        }}
      />
    </div>
  );
}
