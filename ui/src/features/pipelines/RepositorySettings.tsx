import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { errorText, fieldText } from "@/api/errors";
import { repositoriesQuery } from "@/api/queries";
import type { Repository } from "@/api/types";
import { Alert, Button, Card, ConfirmDialog, Field, Input, PasswordInput, toast } from "@/components";
import { repositoryQuery } from "./queries";
import s from "./RepositorySettings.module.css";
import { WebhookFields } from "./WebhookFields";

type SettingsProps = { project: string; repository: Repository };

export function RepositorySettings({ project, repository }: SettingsProps) {
  return (
    <div className={s.stack}>
      <SourceCard project={project} repository={repository} />
      <WebhookCard project={project} repository={repository} />
      <DeleteCard project={project} repository={repository} />
    </div>
  );
}

function SourceCard({ project, repository }: SettingsProps) {
  const { t } = useTranslation("pipelines");
  const client = useQueryClient();
  const [cloneUrl, setCloneUrl] = useState(repository.cloneUrl);
  const [branch, setBranch] = useState(repository.branch);
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const save = useMutation({
    mutationFn: () =>
      body(
        api.PATCH("/api/v1/projects/{project}/repositories/{name}", {
          params: { path: { project, name: repository.name } },
          body: {
            cloneUrl: cloneUrl.trim(),
            branch: branch.trim(),
            ...(password ? { username, password } : {}),
          },
        }),
      ),
    onSuccess: (fresh) => {
      client.setQueryData(repositoryQuery(project, repository.name).queryKey, fresh);
      setUsername("");
      setPassword("");
      toast.ok(t("common:saved"));
    },
  });
  return (
    <Card title={t("settings.source")}>
      <form
        className={s.form}
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Field label={t("repository.cloneUrl")} error={fieldText(save.error, "cloneUrl")}>
          <Input type="url" mono required value={cloneUrl} onChange={(e) => setCloneUrl(e.target.value)} />
        </Field>
        <Field label={t("repository.branch")} error={fieldText(save.error, "branch")}>
          <Input mono required value={branch} onChange={(e) => setBranch(e.target.value)} />
        </Field>
        <Field
          label={t("repository.username")}
          optional
          hint={repository.hasCredential ? t("settings.credentialKept") : t("repository.credentialHint")}
        >
          <Input value={username} onChange={(e) => setUsername(e.target.value)} autoComplete="off" />
        </Field>
        <Field label={t("repository.password")} optional>
          <PasswordInput value={password} onChange={(e) => setPassword(e.target.value)} autoComplete="new-password" />
        </Field>
        {save.isError && <Alert tone="danger">{errorText(save.error)}</Alert>}
        <div>
          <Button type="submit" variant="primary" busy={save.isPending}>
            {t("common:save")}
          </Button>
        </div>
      </form>
    </Card>
  );
}

function WebhookCard({ project, repository }: SettingsProps) {
  const { t } = useTranslation("pipelines");
  const [asking, setAsking] = useState(false);
  const rotate = useMutation({
    mutationFn: () =>
      body(
        api.POST("/api/v1/projects/{project}/repositories/{name}/webhook-secret", {
          params: { path: { project, name: repository.name } },
        }),
      ),
  });
  return (
    <Card
      title={t("webhook.title")}
      description={t("webhook.hint")}
      actions={<Button onClick={() => setAsking(true)}>{t("webhook.rotate")}</Button>}
    >
      <div className={s.form}>
        <WebhookFields url={repository.webhookUrl} secret={rotate.data?.webhookSecret} />
      </div>
      <ConfirmDialog
        open={asking}
        onOpenChange={setAsking}
        title={t("webhook.rotateTitle")}
        body={t("webhook.rotateBody")}
        confirm={t("webhook.rotate")}
        onConfirm={() => rotate.mutateAsync()}
      />
    </Card>
  );
}

function DeleteCard({ project, repository }: SettingsProps) {
  const { t } = useTranslation("pipelines");
  const client = useQueryClient();
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  const name = repository.name;
  return (
    <Card
      danger
      title={t("settings.delete")}
      description={t("settings.deleteHint")}
      actions={
        <Button variant="danger" onClick={() => setAsking(true)}>
          {t("settings.delete")}
        </Button>
      }
    >
      <ConfirmDialog
        open={asking}
        onOpenChange={setAsking}
        title={t("settings.deleteTitle", { name })}
        body={t("settings.deleteBody")}
        confirm={t("settings.delete")}
        typeToConfirm={name}
        onConfirm={async () => {
          await api.DELETE("/api/v1/projects/{project}/repositories/{name}", {
            params: { path: { project, name } },
          });
          await navigate({ to: "/projects/$project/pipelines", params: { project } });
          client.removeQueries({ queryKey: repositoryQuery(project, name).queryKey });
          await client.invalidateQueries({ queryKey: repositoriesQuery(project).queryKey });
        }}
      />
    </Card>
  );
}
