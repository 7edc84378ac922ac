import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { KeySquare, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { errorText, fieldText } from "@/api/errors";
import type { ApiToken } from "@/api/types";
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
  FutureTime,
  IconButton,
  Input,
  Select,
  Time,
} from "@/components";
import { tokensQuery } from "./queries";
import s from "./Settings.module.css";

export function TokensPage() {
  const { t } = useTranslation("settings");
  const client = useQueryClient();
  const tokens = useQuery(tokensQuery);
  const [creating, setCreating] = useState(false);
  const [deleting, setDeleting] = useState<ApiToken>();
  const create = (
    <Button variant="primary" icon={<Plus size={16} />} onClick={() => setCreating(true)}>
      {t("tokens.create")}
    </Button>
  );
  return (
    <div className={s.layout}>
      {tokens.data?.length === 0 ? (
        <EmptyState icon={<KeySquare size={22} />} title={t("tokens.none")} action={create}>
          {t("tokens.description")}
        </EmptyState>
      ) : (
        <>
          <div className={s.toolbar}>
            <p>{t("tokens.description")}</p>
            {create}
          </div>
          {tokens.isError && !tokens.data ? (
            <ErrorState error={tokens.error} onRetry={() => void tokens.refetch()} />
          ) : (
            <DataTable
              caption={t("tabs.tokens")}
              rows={tokens.data}
              rowKey={(row) => row.id}
              columns={[
                { id: "name", header: t("nameColumn"), kind: "primary", cell: (row) => <b>{row.name}</b> },
                {
                  id: "used",
                  header: t("lastUsed"),
                  muted: true,
                  cell: (row) => (row.lastUsedAt ? <Time value={row.lastUsedAt} /> : t("common:never")),
                },
                {
                  id: "expires",
                  header: t("tokens.expires"),
                  muted: true,
                  cell: (row) => (row.expiresAt ? <FutureTime value={row.expiresAt} /> : t("common:never")),
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
                      label={t("tokens.deleteLabel", { name: row.name })}
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
      {creating && <CreateTokenDialog onClose={() => setCreating(false)} />}
      <ConfirmDialog
        open={deleting !== undefined}
        onOpenChange={(open) => !open && setDeleting(undefined)}
        title={t("tokens.deleteTitle", { name: deleting?.name })}
        body={t("tokens.deleteBody")}
        confirm={t("tokens.delete")}
        onConfirm={async () => {
          if (!deleting) return;
          await api.DELETE("/api/v1/me/tokens/{id}", { params: { path: { id: deleting.id } } });
          await client.invalidateQueries({ queryKey: tokensQuery.queryKey });
        }}
      />
    </div>
  );
}

const lifetimes = [30, 90, 365, 0];

function CreateTokenDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("settings");
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [days, setDays] = useState(90);
  const create = useMutation({
    mutationFn: () => {
      const expiresAt = days > 0 ? new Date(Date.now() + days * 86_400_000).toISOString() : undefined;
      return body(api.POST("/api/v1/me/tokens", { body: { name: name.trim(), expiresAt } }));
    },
    onSuccess: () => client.invalidateQueries({ queryKey: tokensQuery.queryKey }),
  });
  if (create.data) {
    const example = `curl -H "Authorization: Bearer ${create.data.token}" \\\n  ${location.origin}/api/v1/projects`;
    return (
      <Dialog
        wide
        open
        onOpenChange={(open) => !open && onClose()}
        title={t("tokens.made", { name: create.data.name })}
        footer={
          <Button variant="primary" onClick={onClose}>
            {t("common:done")}
          </Button>
        }
      >
        <Alert tone="warn">{t("onlyOnce")}</Alert>
        <CopyField label={t("tokens.token")} value={create.data.token} />
        <CopyField label={t("tokens.example")} value={example} block />
      </Dialog>
    );
  }
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t("tokens.create")}
      onSubmit={() => create.mutate()}
      footer={
        <>
          <Button onClick={onClose}>{t("common:cancel")}</Button>
          <Button type="submit" variant="primary" busy={create.isPending}>
            {t("tokens.create")}
          </Button>
        </>
      }
    >
      <Field label={t("nameColumn")} hint={t("tokens.nameHint")} error={fieldText(create.error, "name")}>
        <Input
          autoFocus
          required
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      </Field>
      <Field label={t("tokens.expires")}>
        <Select value={days} onChange={(event) => setDays(Number(event.target.value))}>
          {lifetimes.map((value) => (
            <option key={value} value={value}>
              {value > 0 ? t("tokens.days", { count: value }) : t("common:never")}
            </option>
          ))}
        </Select>
      </Field>
      {create.isError && <Alert tone="danger">{errorText(create.error)}</Alert>}
    </Dialog>
  );
}
