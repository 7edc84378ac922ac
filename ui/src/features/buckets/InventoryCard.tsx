import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { FileClock, Pause, Pencil, Play, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/client";
import type { InventoryConfiguration, InventoryReport } from "@/api/types";
import { Alert, Badge, Button, Card, ConfirmButton, Fact, Facts, FutureTime, ProblemText, Time, toast } from "@/components";
import { formatBytes } from "@/lib/format";
import { InventoryDialog } from "./InventoryDialog";
import { inventoryQuery } from "./queries";
import s from "./Replication.module.css";

/** configurationOf is what of a report can be set. */
function configurationOf(report: InventoryReport): InventoryConfiguration {
  const { id, enabled, weekly, all, filter, bucket, prefix, format, fields } = report;
  return { id, enabled, weekly, all, filter, bucket, prefix, format, fields };
}

type ReportProps = { bucket: string; report: InventoryReport };

/** InventoryCard says what a report lists, and how the last one and the next are. */
export function InventoryCard({ bucket, report, readOnly }: ReportProps & { readOnly: boolean }) {
  const { t } = useTranslation("inventory");
  const folder = report.manifest?.replace(/[^/]*$/, "");
  const state = report.running ? "running" : report.wanted ? "wanted" : report.enabled ? "on" : "off";
  return (
    <Card
      title={<span className={s.name}>{report.id}</span>}
      description={[
        t(report.weekly ? "weekly" : "daily"),
        t(report.all ? "allVersions" : "currentVersions"),
        ...(report.filter ? [t("only", { prefix: report.filter })] : []),
        report.format,
        t("to", { place: `${report.bucket}/${report.prefix}` }),
      ].join(" · ")}
      actions={<Badge tone={state === "off" ? "idle" : state === "on" ? "ok" : "info"}>{t(`state.${state}`)}</Badge>}
      footer={readOnly ? undefined : <Steering bucket={bucket} report={report} />}
    >
      <div className={s.body}>
        {report.problem && (
          <Alert tone="warn">
            <ProblemText of={report} />
          </Alert>
        )}
        <Facts figures>
          <Fact name={t("last")}>
            {report.last ? <Time value={report.last} /> : t("never")}
            {report.manifest && (
              <small>
                <Link to="/buckets/$bucket" params={{ bucket: report.bucket }} search={folder ? { prefix: folder } : {}}>
                  {t("open")}
                </Link>
              </small>
            )}
          </Fact>
          {report.last && (
            <Fact name={t("size")}>{t("sizeText", { count: report.files, bytes: formatBytes(report.bytes) })}</Fact>
          )}
          {report.running && <Fact name={t("listed")}>{t("rows", { count: report.listed })}</Fact>}
          <Fact name={t("next")}>{report.next ? <FutureTime value={report.next} /> : t("nextNone")}</Fact>
        </Facts>
      </div>
    </Card>
  );
}

function Steering({ bucket, report }: ReportProps) {
  const { t } = useTranslation("inventory");
  const client = useQueryClient();
  const [editing, setEditing] = useState(false);
  const path = { bucket, id: report.id };
  const look = () => client.invalidateQueries({ queryKey: inventoryQuery(bucket).queryKey });
  const run = useMutation({
    mutationFn: () => api.POST("/api/v1/buckets/{bucket}/inventory/{id}/run", { params: { path } }),
    onSuccess: look,
    onError: toast.error,
  });
  const turn = useMutation({
    mutationFn: () =>
      api.PUT("/api/v1/buckets/{bucket}/inventory", {
        params: { path: { bucket } },
        body: { ...configurationOf(report), enabled: !report.enabled },
      }),
    onSuccess: look,
    onError: toast.error,
  });
  return (
    <div className={s.buttons}>
      <Button
        size="sm"
        busy={run.isPending}
        disabled={report.running || report.wanted}
        icon={<FileClock size={15} />}
        onClick={() => run.mutate()}
      >
        {t("run")}
      </Button>
      <Button size="sm" icon={<Pencil size={15} />} onClick={() => setEditing(true)}>
        {t("change")}
      </Button>
      <Button
        size="sm"
        busy={turn.isPending}
        icon={report.enabled ? <Pause size={15} /> : <Play size={15} />}
        onClick={() => turn.mutate()}
      >
        {report.enabled ? t("turnOff") : t("turnOn")}
      </Button>
      <ConfirmButton
        label={t("remove")}
        icon={<Trash2 size={15} />}
        title={t("removeTitle", { name: report.id })}
        body={t("removeBody")}
        onConfirm={async () => {
          await api.DELETE("/api/v1/buckets/{bucket}/inventory/{id}", { params: { path } });
          await look();
          toast.ok(t("removed"));
        }}
      />
      {editing && <InventoryDialog bucket={bucket} report={configurationOf(report)} onClose={() => setEditing(false)} />}
    </div>
  );
}
