import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Archive, ChartColumn, MoreHorizontal, Plus, Settings, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { errorText, fieldText } from "@/api/errors";
import { atLeast, bucketsQuery, projectsQuery } from "@/api/queries";
import { instanceQuery, useMe } from "@/api/session";
import type { Bucket } from "@/api/types";
import {
  Alert,
  Badge,
  Button,
  ButtonLink,
  Checkbox,
  ConfirmDialog,
  CopyField,
  DataTable,
  Dialog,
  EmptyState,
  ErrorState,
  Field,
  IconButton,
  Input,
  Menu,
  MenuItem,
  PageHeader,
  Select,
  Time,
} from "@/components";
import s from "./Buckets.module.css";

export function BucketsPage() {
  const { t } = useTranslation("buckets");
  const me = useMe();
  const buckets = useQuery(bucketsQuery);
  const projects = useQuery(projectsQuery);
  const address = useQuery(instanceQuery).data?.s3Address;
  const [creating, setCreating] = useState(false);
  const [deleting, setDeleting] = useState<Bucket>();
  const choices = (projects.data ?? []).filter((project) => atLeast(project.role, "maintainer"));
  const mayCreate = me.admin || choices.length > 0;
  const mayDelete = (bucket: Bucket) =>
    !bucket.system && (me.admin || choices.some((project) => project.id === bucket.projectId));

  const create = mayCreate && (
    <Button variant="primary" icon={<Plus size={16} />} onClick={() => setCreating(true)}>
      {t("create")}
    </Button>
  );
  return (
    <>
      <PageHeader
        title={t("title")}
        description={t("description")}
        actions={
          <>
            {me.admin && (
              <ButtonLink to="/usage" icon={<ChartColumn size={16} />}>
                {t("usage:open")}
              </ButtonLink>
            )}
            {create}
          </>
        }
      />
      {buckets.isError && !buckets.data ? (
        <ErrorState error={buckets.error} onRetry={() => void buckets.refetch()} />
      ) : buckets.data?.length === 0 ? (
        <EmptyState icon={<Archive size={22} />} title={t("none")} action={create}>
          <p>{mayCreate ? t("noneHint") : t("noneViewer")}</p>
        </EmptyState>
      ) : (
        <DataTable
          caption={t("title")}
          rows={buckets.data}
          rowKey={(bucket) => bucket.name}
          columns={[
            {
              id: "name",
              header: t("name"),
              kind: "primary",
              cell: (bucket) => (
                <span className={s.name}>
                  <Archive size={17} aria-hidden />
                  <Link to="/buckets/$bucket" params={{ bucket: bucket.name }}>
                    {bucket.name}
                  </Link>
                  {bucket.system && <Badge>{t("system")}</Badge>}
                  {bucket.versioned && <Badge>{t("versioned")}</Badge>}
                </span>
              ),
            },
            {
              id: "project",
              header: t("project"),
              muted: true,
              cell: (bucket) =>
                bucket.projectSlug ? (
                  <Link to="/projects/$project" params={{ project: bucket.projectSlug }}>
                    {bucket.projectSlug}
                  </Link>
                ) : (
                  t("noProject")
                ),
            },
            { id: "created", header: t("created"), muted: true, cell: (bucket) => <Time value={bucket.createdAt} /> },
            {
              id: "actions",
              header: t("common:actions"),
              kind: "actions",
              cell: (bucket) => (
                <Menu
                  trigger={<IconButton label={t("actionsOf", { name: bucket.name })} icon={<MoreHorizontal size={17} />} />}
                >
                  <MenuItem asChild>
                    <Link to="/buckets/$bucket/usage" params={{ bucket: bucket.name }}>
                      <ChartColumn size={15} aria-hidden />
                      {t("usage:open")}
                    </Link>
                  </MenuItem>
                  <MenuItem asChild>
                    <Link to="/buckets/$bucket/settings" params={{ bucket: bucket.name }}>
                      <Settings size={15} aria-hidden />
                      {t("settings.open")}
                    </Link>
                  </MenuItem>
                  {mayDelete(bucket) && (
                    <MenuItem danger icon={<Trash2 size={15} />} onSelect={() => setDeleting(bucket)}>
                      {t("delete")}
                    </MenuItem>
                  )}
                </Menu>
              ),
            },
          ]}
        />
      )}
      {address && (
        <div className={s.endpoint}>
          <CopyField label={t("endpoint")} value={address} />
          <p className={s.hint}>
            {t("endpointHint")} <Link to="/settings/keys">{t("endpointKeys")}</Link>
          </p>
        </div>
      )}
      <CreateDialog open={creating} onOpenChange={setCreating} projects={choices} unowned={me.admin} />
      <DeleteDialog bucket={deleting} onClose={() => setDeleting(undefined)} />
    </>
  );
}

type CreateProps = {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  projects: { slug: string; name: string }[];
  /** Whether a bucket may belong to no project. */
  unowned: boolean;
};

function CreateDialog({ open, onOpenChange, projects, unowned }: CreateProps) {
  const { t } = useTranslation("buckets");
  const [name, setName] = useState("");
  const [chosen, setChosen] = useState<string>();
  const [versioning, setVersioning] = useState(false);
  const [objectLock, setObjectLock] = useState(false);
  const client = useQueryClient();
  const navigate = useNavigate();
  const project = chosen ?? projects[0]?.slug ?? "";
  const create = useMutation({
    mutationFn: () => body(api.POST("/api/v1/buckets", { body: { name, project: project || undefined, versioning: versioning || objectLock, objectLock } })),
    onSuccess: async (bucket) => {
      await client.invalidateQueries({ queryKey: bucketsQuery.queryKey });
      close();
      void navigate({ to: "/buckets/$bucket", params: { bucket: bucket.name } });
    },
  });
  const close = () => {
    onOpenChange(false);
    setName("");
    setVersioning(false);
    setObjectLock(false);
    create.reset();
  };
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => (next ? onOpenChange(true) : close())}
      title={t("create")}
      onSubmit={() => create.mutate()}
      footer={
        <>
          <Button onClick={close}>{t("common:cancel")}</Button>
          <Button type="submit" variant="primary" busy={create.isPending}>
            {t("create")}
          </Button>
        </>
      }
    >
      <Field label={t("name")} hint={t("nameHint")} error={fieldText(create.error, "name")}>
        <Input
          mono
          required
          minLength={3}
          maxLength={63}
          value={name}
          onChange={(event) => setName(event.target.value.toLowerCase())}
          autoComplete="off"
          spellCheck={false}
        />
      </Field>
      <Field label={t("project")} hint={t("projectHint")}>
        <Select value={project} onChange={(event) => setChosen(event.target.value)}>
          {projects.map((p) => (
            <option key={p.slug} value={p.slug}>
              {p.name}
            </option>
          ))}
          {unowned && <option value="">{t("noProject")}</option>}
        </Select>
      </Field>
      <Checkbox
        label={t("versionsAtCreation")}
        hint={t("versionsAtCreationHint")}
        checked={versioning || objectLock}
        disabled={objectLock}
        onChange={(event) => setVersioning(event.target.checked)}
      />
      <Checkbox
        label={t("lockAtCreation")}
        hint={t("lockAtCreationHint")}
        checked={objectLock}
        onChange={(event) => setObjectLock(event.target.checked)}
      />
      {create.isError && <Alert tone="danger">{errorText(create.error)}</Alert>}
    </Dialog>
  );
}

function DeleteDialog({ bucket, onClose }: { bucket?: Bucket; onClose: () => void }) {
  const { t } = useTranslation("buckets");
  const client = useQueryClient();
  const name = bucket?.name ?? "";
  return (
    <ConfirmDialog
      open={bucket !== undefined}
      onOpenChange={(open) => !open && onClose()}
      title={t("deleteTitle", { name })}
      body={t("deleteBody")}
      confirm={t("delete")}
      onConfirm={async () => {
        await api.DELETE("/api/v1/buckets/{bucket}", { params: { path: { bucket: name } } });
        await client.invalidateQueries({ queryKey: bucketsQuery.queryKey });
      }}
    />
  );
}
