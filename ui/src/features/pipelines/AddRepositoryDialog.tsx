import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { errorText, fieldText } from "@/api/errors";
import { repositoriesQuery } from "@/api/queries";
import type { NewRepository } from "@/api/types";
import { Alert, Button, Dialog, Field, Input, PasswordInput } from "@/components";
import { examples } from "./sample";
import { WebhookFields } from "./WebhookFields";

type AddRepositoryProps = { project: string; open: boolean; onOpenChange: (open: boolean) => void };

const empty = { cloneUrl: "", name: "", branch: "", username: "", password: "" };

/** nameFrom is the last part of a clone address, as a repository's name. */
export function nameFrom(cloneUrl: string): string {
  const last = cloneUrl.replace(/\/+$/, "").split("/").pop() ?? "";
  return last
    .replace(/\.git$/, "")
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-");
}

export function AddRepositoryDialog({ project, open, onOpenChange }: AddRepositoryProps) {
  const { t } = useTranslation("pipelines");
  const [form, setForm] = useState(empty);
  const [named, setNamed] = useState(false);
  const client = useQueryClient();
  const add = useMutation({
    mutationFn: () =>
      body(
        api.POST("/api/v1/projects/{project}/repositories", {
          params: { path: { project } },
          body: {
            name: form.name,
            cloneUrl: form.cloneUrl.trim(),
            branch: form.branch.trim() || "main",
            username: form.username || undefined,
            password: form.password || undefined,
          },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: repositoriesQuery(project).queryKey }),
  });
  const close = () => {
    onOpenChange(false);
    setForm(empty);
    setNamed(false);
    add.reset();
  };
  const set = (key: keyof typeof empty) => (event: { target: { value: string } }) => {
    const value = event.target.value;
    if (key === "name") setNamed(true);
    setForm((old) => ({
      ...old,
      [key]: value,
      ...(key === "cloneUrl" && !named ? { name: nameFrom(value) } : {}),
    }));
  };
  if (add.data) {
    return <AddedDialog project={project} repository={add.data} open={open} onClose={close} />;
  }
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => (next ? onOpenChange(true) : close())}
      title={t("repository.add")}
      description={t("repository.addHint")}
      onSubmit={() => add.mutate()}
      footer={
        <>
          <Button onClick={close}>{t("common:cancel")}</Button>
          <Button type="submit" variant="primary" busy={add.isPending}>
            {add.isPending ? t("repository.checking") : t("repository.add")}
          </Button>
        </>
      }
    >
      <Field label={t("repository.cloneUrl")} error={fieldText(add.error, "cloneUrl")}>
        <Input
          type="url"
          mono
          required
          value={form.cloneUrl}
          onChange={set("cloneUrl")}
          placeholder={examples.cloneUrl}
          autoComplete="off"
          spellCheck={false}
        />
      </Field>
      <Field label={t("repository.name")} error={fieldText(add.error, "name")}>
        <Input mono required value={form.name} onChange={set("name")} autoComplete="off" spellCheck={false} />
      </Field>
      <Field label={t("repository.branch")} hint={t("repository.branchHint")} error={fieldText(add.error, "branch")}>
        <Input mono value={form.branch} onChange={set("branch")} placeholder={examples.branch} autoComplete="off" />
      </Field>
      <Field label={t("repository.username")} optional hint={t("repository.credentialHint")}>
        <Input value={form.username} onChange={set("username")} autoComplete="off" />
      </Field>
      <Field label={t("repository.password")} optional>
        <PasswordInput value={form.password} onChange={set("password")} autoComplete="new-password" />
      </Field>
      {add.isError && <Alert tone="danger">{errorText(add.error)}</Alert>}
    </Dialog>
  );
}

type AddedProps = { project: string; repository: NewRepository; open: boolean; onClose: () => void };

function AddedDialog({ project, repository, open, onClose }: AddedProps) {
  const { t } = useTranslation("pipelines");
  const navigate = useNavigate();
  const goOn = () => {
    onClose();
    void navigate({
      to: "/projects/$project/pipelines/$repository",
      params: { project, repository: repository.name },
    });
  };
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => !next && goOn()}
      title={t("repository.added", { name: repository.name })}
      description={t("webhook.hint")}
      footer={
        <Button variant="primary" onClick={goOn}>
          {t("common:done")}
        </Button>
      }
    >
      <WebhookFields url={repository.webhookUrl} secret={repository.webhookSecret} />
    </Dialog>
  );
}
