import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { KeyRound, MoreHorizontal, Pause, Pencil, Play, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { projectsQuery } from "@/api/queries";
import { instanceQuery } from "@/api/session";
import type { S3Key } from "@/api/types";
import {
  Badge,
  Button,
  ConfirmDialog,
  CopyField,
  DataTable,
  EmptyState,
  ErrorState,
  IconButton,
  Menu,
  MenuItem,
  Time,
  toast,
} from "@/components";
import { formatDate } from "@/lib/format";
import { useNow } from "@/lib/now";
import { KeyDialog } from "./KeyDialogs";
import { keysQuery } from "./queries";
import s from "./Settings.module.css";

export function KeysPage() {
  const { t } = useTranslation("settings");
  const client = useQueryClient();
  const keys = useQuery(keysQuery);
  const { data: projects } = useQuery(projectsQuery);
  const { data: instance } = useQuery(instanceQuery);
  const [creating, setCreating] = useState(false);
  const [deleting, setDeleting] = useState<S3Key>();
  const [changing, setChanging] = useState<S3Key>();
  const now = useNow();
  const expired = (key: S3Key) => key.expiresAt !== undefined && new Date(key.expiresAt).getTime() <= now;
  const toggle = useMutation({
    mutationFn: (key: S3Key) =>
      body(
        api.PATCH("/api/v1/me/keys/{accessKey}", {
          params: { path: { accessKey: key.accessKey } },
          body: { disabled: !key.disabled },
        }),
      ),
    onSuccess: (key) => toast.ok(key.disabled ? t("keys.disabled") : t("keys.enabled")),
    onError: toast.error,
    onSettled: () => client.invalidateQueries({ queryKey: keysQuery.queryKey }),
  });
  const scope = (key: S3Key) =>
    key.projectId
      ? (projects?.find((p) => p.id === key.projectId)?.name ?? t("keys.otherProject"))
      : t("keys.everything");
  const create = (
    <Button variant="primary" icon={<Plus size={16} />} onClick={() => setCreating(true)}>
      {t("keys.create")}
    </Button>
  );
  return (
    <div className={s.layout}>
      {keys.data?.length === 0 ? (
        <EmptyState icon={<KeyRound size={22} />} title={t("keys.none")} action={create}>
          {t("keys.description")}
        </EmptyState>
      ) : (
        <>
          <div className={s.toolbar}>
            <p>{t("keys.description")}</p>
            {create}
          </div>
          {keys.isError && !keys.data ? (
            <ErrorState error={keys.error} onRetry={() => void keys.refetch()} />
          ) : (
            <DataTable
              caption={t("tabs.keys")}
              rows={keys.data}
              rowKey={(row) => row.accessKey}
              columns={[
                {
                  id: "name",
                  header: t("nameColumn"),
                  kind: "primary",
                  cell: (row) => (
                    <span className={s.two}>
                      <b>
                        {row.name} {row.disabled && <Badge tone="warn">{t("keys.off")}</Badge>}
                        {expired(row) && <Badge tone="danger">{t("keys.expired")}</Badge>}
                        {row.policy && <Badge tone="info">{t("keys.narrowed")}</Badge>}
                      </b>
                      <small>
                        <code>{row.accessKey}</code>
                      </small>
                      {row.description && <small>{row.description}</small>}
                    </span>
                  ),
                },
                { id: "scope", header: t("keys.scope"), cell: scope },
                {
                  id: "used",
                  header: t("lastUsed"),
                  muted: true,
                  cell: (row) => (row.lastUsedAt ? <Time value={row.lastUsedAt} /> : t("common:never")),
                },
                {
                  id: "expires",
                  header: t("keys.expires"),
                  muted: true,
                  cell: (row) => (row.expiresAt ? formatDate(row.expiresAt) : t("common:never")),
                },
                {
                  id: "created",
                  header: t("created"),
                  muted: true,
                  cell: (row) => <Time value={row.createdAt} />,
                },
                {
                  id: "actions",
                  header: t("common:actions"),
                  kind: "actions",
                  cell: (row) => (
                    <Menu
                      trigger={
                        <IconButton
                          size="sm"
                          label={t("keys.actionsLabel", { name: row.name })}
                          icon={<MoreHorizontal size={16} />}
                        />
                      }
                    >
                      {!row.root && (
                        <>
                          <MenuItem icon={<Pencil size={15} />} onSelect={() => setChanging(row)}>
                            {t("keys.change")}
                          </MenuItem>
                          <MenuItem
                            icon={row.disabled ? <Play size={15} /> : <Pause size={15} />}
                            onSelect={() => toggle.mutate(row)}
                          >
                            {row.disabled ? t("keys.enable") : t("keys.disable")}
                          </MenuItem>
                        </>
                      )}
                      <MenuItem danger icon={<Trash2 size={15} />} onSelect={() => setDeleting(row)}>
                        {t("keys.delete")}
                      </MenuItem>
                    </Menu>
                  ),
                },
              ]}
            />
          )}
        </>
      )}
      <CopyField label={t("keys.endpoint")} value={instance?.s3Address ?? ""} />
      {creating && <KeyDialog onClose={() => setCreating(false)} />}
      {changing && <KeyDialog changing={changing} onClose={() => setChanging(undefined)} />}
      <ConfirmDialog
        open={deleting !== undefined}
        onOpenChange={(open) => !open && setDeleting(undefined)}
        title={t("keys.deleteTitle", { name: deleting?.name })}
        body={t("keys.deleteBody", { key: deleting?.accessKey })}
        confirm={t("keys.delete")}
        onConfirm={async () => {
          if (!deleting) return;
          await api.DELETE("/api/v1/me/keys/{accessKey}", {
            params: { path: { accessKey: deleting.accessKey } },
          });
          await client.invalidateQueries({ queryKey: keysQuery.queryKey });
        }}
      />
    </div>
  );
}
