import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { LogOut } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/client";
import { errorText, fieldText } from "@/api/errors";
import type { LoginSession } from "@/api/types";
import {
  Alert,
  Badge,
  Button,
  Card,
  ConfirmDialog,
  DataTable,
  ErrorState,
  Field,
  PasswordInput,
  Time,
  toast,
} from "@/components";
import { minPassword } from "@/lib/password";
import { deviceName } from "./deviceName";
import { sessionsQuery } from "./queries";
import s from "./Settings.module.css";

export function SecurityPage() {
  return (
    <div className={s.stack}>
      <PasswordCard />
      <Sessions />
    </div>
  );
}

function PasswordCard() {
  const { t } = useTranslation("settings");
  const client = useQueryClient();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const change = useMutation({
    mutationFn: () => api.POST("/api/v1/me/password", { body: { current, new: next } }),
    onSuccess: () => {
      setCurrent("");
      setNext("");
      toast.ok(t("password.changed"));
      void client.invalidateQueries({ queryKey: sessionsQuery.queryKey });
    },
  });
  const short = next !== "" && next.length < minPassword;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!short) change.mutate();
      }}
    >
      <Card
        title={t("password.title")}
        description={t("password.description")}
        footer={
          <Button type="submit" variant="primary" busy={change.isPending}>
            {t("password.submit")}
          </Button>
        }
      >
        <div className={s.form}>
          <Field label={t("password.current")} error={fieldText(change.error, "current")}>
            <PasswordInput
              required
              autoComplete="current-password"
              value={current}
              onChange={(event) => setCurrent(event.target.value)}
            />
          </Field>
          <Field
            label={t("password.new")}
            hint={t("password.hint", { count: minPassword })}
            error={short ? t("password.short", { count: minPassword }) : fieldText(change.error, "new")}
          >
            <PasswordInput
              required
              autoComplete="new-password"
              value={next}
              onChange={(event) => setNext(event.target.value)}
            />
          </Field>
          {change.isError && <Alert tone="danger">{errorText(change.error)}</Alert>}
        </div>
      </Card>
    </form>
  );
}

function Sessions() {
  const { t } = useTranslation("settings");
  const client = useQueryClient();
  const sessions = useQuery(sessionsQuery);
  const [ending, setEnding] = useState<LoginSession>();
  return (
    <Card title={t("sessions.title")} description={t("sessions.description")}>
      {sessions.isError && !sessions.data ? (
        <ErrorState error={sessions.error} onRetry={() => void sessions.refetch()} bare />
      ) : (
        <DataTable
          caption={t("sessions.title")}
          rows={sessions.data}
          rowKey={(row) => row.id}
          skeletonRows={2}
          columns={[
            {
              id: "device",
              header: t("sessions.device"),
              kind: "primary",
              cell: (row) => (
                <span className={s.two} title={row.userAgent}>
                  {deviceName(row.userAgent) || t("sessions.unknown")}{" "}
                  {row.current && <Badge tone="accent">{t("sessions.current")}</Badge>}
                  <small>{row.address}</small>
                </span>
              ),
            },
            {
              id: "seen",
              header: t("sessions.lastSeen"),
              muted: true,
              cell: (row) => <Time value={row.lastSeenAt} />,
            },
            {
              id: "since",
              header: t("sessions.since"),
              muted: true,
              cell: (row) => <Time value={row.createdAt} />,
            },
            {
              id: "actions",
              header: t("common:actions"),
              kind: "actions",
              cell: (row) =>
                !row.current && (
                  <Button size="sm" icon={<LogOut size={14} />} onClick={() => setEnding(row)}>
                    {t("sessions.end")}
                  </Button>
                ),
            },
          ]}
        />
      )}
      <ConfirmDialog
        open={ending !== undefined}
        onOpenChange={(open) => !open && setEnding(undefined)}
        title={t("sessions.endTitle", { device: deviceName(ending?.userAgent ?? "") || t("sessions.unknown") })}
        body={t("sessions.endBody", { address: ending?.address })}
        confirm={t("sessions.end")}
        onConfirm={async () => {
          if (!ending) return;
          await api.DELETE("/api/v1/me/sessions/{id}", { params: { path: { id: ending.id } } });
          await client.invalidateQueries({ queryKey: sessionsQuery.queryKey });
        }}
      />
    </Card>
  );
}
