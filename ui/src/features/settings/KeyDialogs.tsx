import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { ApiError, errorText, fieldText } from "@/api/errors";
import { projectsQuery } from "@/api/queries";
import { instanceQuery } from "@/api/session";
import type { NewS3Key, S3Key } from "@/api/types";
import { Alert, Button, Checkbox, CopyField, Dialog, Field, Input, Select, toast } from "@/components";
import { PolicyEditor } from "@/features/access/PolicyEditor";
import { problemIn } from "@/features/buckets/policies";
import { keysQuery } from "./queries";

/** The day of a time in this browser's zone, as an input of dates has it. */
const dayOf = (time: string | undefined) => {
  if (!time) return "";
  const at = new Date(time);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
};

/** KeyDialog makes a key and shows its secret once, or changes one. */
export function KeyDialog({ changing, onClose }: { changing?: S3Key; onClose: () => void }) {
  const { t } = useTranslation("settings");
  const client = useQueryClient();
  const { data: projects } = useQuery(projectsQuery);
  const [name, setName] = useState(changing?.name ?? "");
  const [description, setDescription] = useState(changing?.description ?? "");
  const [projectId, setProjectId] = useState("");
  const [day, setDay] = useState(dayOf(changing?.expiresAt));
  const [narrow, setNarrow] = useState(changing !== undefined && changing.policy !== "");
  const [policy, setPolicy] = useState(changing?.policy ?? "");
  const save = useMutation({
    mutationFn: async (): Promise<NewS3Key | undefined> => {
      const expiresAt = day === "" ? undefined : new Date(`${day}T23:59:59`).toISOString();
      const shared = { name: name.trim(), description: description.trim(), policy: narrow ? policy : "" };
      if (!changing) {
        return body(api.POST("/api/v1/me/keys", { body: { ...shared, expiresAt, projectId: projectId || undefined } }));
      }
      await api.PATCH("/api/v1/me/keys/{accessKey}", {
        params: { path: { accessKey: changing.accessKey } },
        body: { ...shared, ...(day === dayOf(changing.expiresAt) ? {} : expiresAt ? { expiresAt } : { neverExpires: true }) },
      });
      return undefined;
    },
    onSuccess: async (made) => {
      await client.invalidateQueries({ queryKey: keysQuery.queryKey });
      if (made) return;
      toast.ok(t("common:saved"));
      onClose();
    },
  });
  const problem =
    save.error instanceof ApiError && save.error.code === "policy_malformed" ? problemIn(save.error.message) : undefined;
  if (save.data) return <KeyMadeDialog made={save.data} onClose={onClose} />;
  return (
    <Dialog
      wide
      open
      onOpenChange={(open) => !open && onClose()}
      title={changing ? t("keys.changeTitle", { name: changing.name }) : t("keys.create")}
      onSubmit={() => save.mutate()}
      footer={
        <>
          <Button onClick={onClose}>{t("common:cancel")}</Button>
          <Button type="submit" variant="primary" busy={save.isPending} disabled={narrow && policy.trim() === ""}>
            {changing ? t("common:save") : t("keys.create")}
          </Button>
        </>
      }
    >
      <Field label={t("nameColumn")} hint={t("keys.nameHint")} error={fieldText(save.error, "name")}>
        <Input autoFocus required maxLength={100} value={name} onChange={(event) => setName(event.target.value)} />
      </Field>
      <Field label={t("keys.note")} optional>
        <Input maxLength={200} value={description} onChange={(event) => setDescription(event.target.value)} />
      </Field>
      {!changing && (
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
      )}
      <Field label={t("keys.lastDay")} optional hint={t("keys.lastDayHint")}>
        <Input type="date" max="9999-12-31" value={day} onChange={(event) => setDay(event.target.value)} />
      </Field>
      <Checkbox
        label={t("keys.narrow")}
        hint={t("keys.narrowHint")}
        checked={narrow}
        onChange={(event) => {
          save.reset();
          setNarrow(event.target.checked);
        }}
      />
      {narrow && (
        <PolicyEditor
          label={t("keys.policy")}
          hint={t("keys.policyHint")}
          text={policy}
          readOnly={false}
          problem={problem}
          onChange={(next) => {
            save.reset();
            setPolicy(next);
          }}
        />
      )}
      {save.isError && !problem && <Alert tone="danger">{errorText(save.error)}</Alert>}
    </Dialog>
  );
}

/** KeyMadeDialog shows the secret of a new key, this once. */
export function KeyMadeDialog({ made, onClose }: { made: NewS3Key; onClose: () => void }) {
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
