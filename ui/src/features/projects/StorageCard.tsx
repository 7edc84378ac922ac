import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { errorText } from "@/api/errors";
import { useMe } from "@/api/session";
import type { Project, ProjectStorage } from "@/api/types";
import { Alert, Button, Card, Field, Progress, QueryView, SizeInput, Skeleton, toast } from "@/components";
import { formatBytes } from "@/lib/format";
import { bucketPath } from "@/lib/paths";
import { joinSize, splitSize } from "@/lib/sizes";
import s from "./Project.module.css";
import { storageQuery } from "./queries";

/** StorageCard says how much a project holds and may hold; administrators set the latter. */
export function StorageCard({ project }: { project: Project }) {
  const { t } = useTranslation("projects");
  const storage = useQuery(storageQuery(project.slug));
  return (
    <QueryView query={storage} skeleton={<Skeleton width="100%" height={180} radius={11} />}>
      {(found) => <Storage title={t("storage.title")} project={project} storage={found} />}
    </QueryView>
  );
}

function Storage({ title, project, storage }: { title: string; project: Project; storage: ProjectStorage }) {
  const { t } = useTranslation("projects");
  const me = useMe();
  const client = useQueryClient();
  const [{ amount, unit }, setSize] = useState(splitSize(storage.quota, "GiB"));
  const quota = joinSize(amount, unit);
  const save = useMutation({
    mutationFn: (bytes: number) =>
      body(
        api.PUT("/api/v1/projects/{project}/quota", {
          params: { path: { project: project.slug } },
          body: { quota: bytes },
        }),
      ),
    onSuccess: (changed) => {
      client.setQueryData(storageQuery(project.slug).queryKey, changed);
      toast.ok(t("common:saved"));
    },
  });
  const full = storage.quota > 0 && storage.bytes >= storage.quota;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (quota !== undefined) save.mutate(quota);
      }}
    >
      <Card
        title={title}
        description={t("storage.description")}
        footer={
          me.admin && (
            <Button
              type="submit"
              variant="primary"
              busy={save.isPending}
              disabled={quota === undefined || quota === storage.quota}
            >
              {t("common:save")}
            </Button>
          )
        }
      >
        <div className={s.form}>
          {full && <Alert tone="danger">{t("storage.full")}</Alert>}
          <div className={s.usage}>
            {storage.quota > 0 && (
              <Progress
                value={storage.bytes}
                max={storage.quota}
                label={t("storage.used")}
                tone={full ? "danger" : storage.bytes > storage.quota * 0.9 ? "warn" : undefined}
              />
            )}
            <p>
              {storage.quota > 0
                ? t("storage.of", { used: formatBytes(storage.bytes), quota: formatBytes(storage.quota) })
                : t("storage.unlimited", { used: formatBytes(storage.bytes) })}
            </p>
          </div>
          {storage.buckets.length > 0 && (
            <dl className={s.facts}>
              {storage.buckets.map((bucket) => (
                <div key={bucket.name}>
                  <dt>
                    <Link to={bucketPath(bucket.name)}>{bucket.name}</Link>
                  </dt>
                  <dd>
                    {bucket.quota > 0
                      ? t("storage.ofBucket", { used: formatBytes(bucket.bytes), quota: formatBytes(bucket.quota) })
                      : formatBytes(bucket.bytes)}
                  </dd>
                </div>
              ))}
            </dl>
          )}
          <Field
            label={t("storage.quota")}
            hint={me.admin ? t("storage.quotaHint") : t("storage.quotaAdmins")}
            error={quota === undefined ? t("storage.bad") : undefined}
          >
            <SizeInput
              amount={amount}
              unit={unit}
              disabled={!me.admin}
              placeholder={t("common:noLimit")}
              onChange={(nextAmount, nextUnit) => setSize({ amount: nextAmount, unit: nextUnit })}
            />
          </Field>
          {save.isError && <Alert tone="danger">{errorText(save.error)}</Alert>}
        </div>
      </Card>
    </form>
  );
}
