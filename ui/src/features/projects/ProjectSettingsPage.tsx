import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Trash2 } from "lucide-react";
import { useState } from "react";
import { Trans, useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { errorText, fieldText } from "@/api/errors";
import { atLeast, projectQuery } from "@/api/queries";
import type { Project } from "@/api/types";
import { Alert, Button, Card, ConfirmDialog, Field, Input, PageHeader, Textarea, toast } from "@/components";
import s from "./Project.module.css";
import { StorageCard } from "./StorageCard";
import { useProject } from "./useProject";

export function ProjectSettingsPage() {
  const { t } = useTranslation("projects");
  const project = useProject();
  return (
    <>
      <PageHeader title={t("settings.title")} description={project.name} />
      <div className={s.stack}>
        {atLeast(project.role, "maintainer") ? (
          <DetailsCard key={project.id} project={project} />
        ) : (
          <Alert>{t("settings.maintainersOnly")}</Alert>
        )}
        <StorageCard key={`${project.id}-storage`} project={project} />
        {atLeast(project.role, "owner") && <DeleteCard project={project} />}
      </div>
    </>
  );
}

function DetailsCard({ project }: { project: Project }) {
  const { t } = useTranslation("projects");
  const client = useQueryClient();
  const [name, setName] = useState(project.name);
  const [description, setDescription] = useState(project.description);
  const update = useMutation({
    mutationFn: () =>
      body(
        api.PATCH("/api/v1/projects/{project}", {
          params: { path: { project: project.slug } },
          body: { name: name.trim(), description: description.trim() },
        }),
      ),
    onSuccess: (changed) => {
      client.setQueryData(projectQuery(project.slug).queryKey, changed);
      void client.invalidateQueries({ queryKey: ["projects"], exact: true });
      toast.ok(t("common:saved"));
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        update.mutate();
      }}
    >
      <Card
        title={t("settings.details")}
        footer={
          <Button type="submit" variant="primary" busy={update.isPending}>
            {t("common:save")}
          </Button>
        }
      >
        <div className={s.form}>
          <Field label={t("name")} error={fieldText(update.error, "name")}>
            <Input required maxLength={80} value={name} onChange={(event) => setName(event.target.value)} />
          </Field>
          <Field label={t("slug")} hint={t("settings.slugFixed")}>
            <Input mono prefix="/projects/" value={project.slug} disabled />
          </Field>
          <Field label={t("description")} optional error={fieldText(update.error, "description")}>
            <Textarea
              rows={3}
              maxLength={500}
              value={description}
              onChange={(event) => setDescription(event.target.value)}
            />
          </Field>
          {update.isError && <Alert tone="danger">{errorText(update.error)}</Alert>}
        </div>
      </Card>
    </form>
  );
}

function DeleteCard({ project }: { project: Project }) {
  const { t } = useTranslation("projects");
  const client = useQueryClient();
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  const buckets = useQuery({
    queryKey: ["projects", project.slug, "buckets"],
    queryFn: ({ signal }) =>
      body(api.GET("/api/v1/buckets", { params: { query: { project: project.slug } }, signal })).then(
        (list) => list.items,
      ),
    enabled: open,
    staleTime: 0,
  });
  return (
    <Card
      danger
      title={t("settings.delete")}
      description={t("settings.deleteBody")}
      actions={
        <Button variant="dangerGhost" icon={<Trash2 size={15} />} onClick={() => setOpen(true)}>
          {t("settings.delete")}
        </Button>
      }
    >
      <ConfirmDialog
        open={open}
        onOpenChange={setOpen}
        title={t("settings.deleteTitle", { name: project.name })}
        body={
          <div className={s.form}>
            <p>
              <Trans
                t={t}
                i18nKey="settings.deleteWarning"
                values={{ name: project.name }}
                components={{ b: <b /> }}
              />
            </p>
            {buckets.data && buckets.data.length > 0 && (
              <ul className={s.lost}>
                {buckets.data.map((bucket) => (
                  <li key={bucket.name}>
                    <code>{bucket.name}</code>
                  </li>
                ))}
              </ul>
            )}
          </div>
        }
        confirm={t("settings.delete")}
        typeToConfirm={project.slug}
        onConfirm={async () => {
          await api.DELETE("/api/v1/projects/{project}", { params: { path: { project: project.slug } } });
          await navigate({ to: "/" });
          client.removeQueries({ queryKey: ["projects", project.slug] });
          await client.invalidateQueries({ queryKey: ["projects"], exact: true });
          toast.ok(t("settings.deleted", { name: project.name }));
        }}
      />
    </Card>
  );
}
