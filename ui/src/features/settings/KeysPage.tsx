import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { KeyRound, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { errorText, fieldText } from "@/api/errors";
import { projectsQuery } from "@/api/queries";
import { instanceQuery } from "@/api/session";
import type { NewS3Key, S3Key } from "@/api/types";
import {
  Alert,
  Button,
  ConfirmDialog,
  CopyField,
  DataTable,
  Dialog,
  EmptyState,
  ErrorState,
  Field,
  IconButton,
  Input,
  Select,
  Time,
} from "@/components";
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
                      <b>{row.name}</b>
                      <small>
                        <code>{row.accessKey}</code>
                      </small>
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
                    <IconButton
                      size="sm"
                      label={t("keys.deleteLabel", { name: row.name })}
                      icon={<Trash2 size={16} />}
                      onClick={() => setDeleting(row)}
                    />
                  ),
                },
              ]}
            />
          )}
        </>
      )}
      <CopyField label={t("keys.endpoint")} value={instance?.s3Address ?? ""} />
      {creating && <CreateKeyDialog onClose={() => setCreating(false)} />}
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

function CreateKeyDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("settings");
  const client = useQueryClient();
  const { data: projects } = useQuery(projectsQuery);
  const [name, setName] = useState("");
  const [projectId, setProjectId] = useState("");
  const create = useMutation({
    mutationFn: () =>
      body(api.POST("/api/v1/me/keys", { body: { name: name.trim(), projectId: projectId || undefined } })),
    onSuccess: () => client.invalidateQueries({ queryKey: keysQuery.queryKey }),
  });
  if (create.data) return <KeyMadeDialog made={create.data} onClose={onClose} />;
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t("keys.create")}
      onSubmit={() => create.mutate()}
      footer={
        <>
          <Button onClick={onClose}>{t("common:cancel")}</Button>
          <Button type="submit" variant="primary" busy={create.isPending}>
            {t("keys.create")}
          </Button>
        </>
      }
    >
      <Field label={t("nameColumn")} hint={t("keys.nameHint")} error={fieldText(create.error, "name")}>
        <Input
          autoFocus
          required
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      </Field>
      <Field label={t("keys.scope")} hint={t("keys.scopeHint")}>
        <Select value={projectId} onChange={(event) => setProjectId(event.target.value)}>
          <option value="">{t("keys.everything")}</option>
          {projects?.map((project) => (
            <option key={project.id} value={project.id}>
              {project.name}
            </option>
          ))}
        </Select>
      </Field>
      {create.isError && <Alert tone="danger">{errorText(create.error)}</Alert>}
    </Dialog>
  );
}

function KeyMadeDialog({ made, onClose }: { made: NewS3Key; onClose: () => void }) {
  const { t } = useTranslation("settings");
  const { data: instance } = useQuery(instanceQuery);
  const example = [
    `export AWS_ACCESS_KEY_ID=${made.accessKey}`,
    `export AWS_SECRET_ACCESS_KEY=${made.secretKey}`,
    "export AWS_DEFAULT_REGION=us-east-1",
    `export AWS_ENDPOINT_URL=${instance?.s3Address ?? ""}`,
    "aws s3 ls",
  ].join("\n");
  return (
    <Dialog
      wide
      open
      onOpenChange={(open) => !open && onClose()}
      title={t("keys.made", { name: made.name })}
      footer={
        <Button variant="primary" onClick={onClose}>
          {t("common:done")}
        </Button>
      }
    >
      <Alert tone="warn">{t("onlyOnce")}</Alert>
      <CopyField label={t("keys.accessKey")} value={made.accessKey} />
      <CopyField label={t("keys.secretKey")} value={made.secretKey} />
      <CopyField label={t("keys.example")} value={example} block />
    </Dialog>
  );
}
