import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { ApiError, errorText } from "@/api/errors";
import { instanceQuery } from "@/api/session";
import type { BucketAccess, BucketAccessChange } from "@/api/types";
import { Alert, Button, Card, Checkbox, QueryView, RadioList, Skeleton, toast } from "@/components";
import { PolicyEditor } from "@/features/access/PolicyEditor";
import { checkQuery } from "@/features/access/queries";
import { useSettled } from "@/features/browser/useSettled";
import s from "./BucketSettings.module.css";
import { blocked, blockOf, problemIn } from "./policies";
import { accessQuery } from "./queries";
import type { SettingsProps } from "./SettingsForm";

/** AccessCard says and sets who may reach the bucket over S3, beside the members of its project. */
export function AccessCard({ bucket, readOnly }: SettingsProps) {
  const access = useQuery(accessQuery(bucket.name));
  return (
    <QueryView query={access} skeleton={<Skeleton width="100%" height={320} radius={11} />}>
      {(found) => <AccessForm bucket={bucket} readOnly={readOnly || !found.changeable} access={found} />}
    </QueryView>
  );
}

function AccessForm({ bucket, readOnly, access }: SettingsProps & { access: BucketAccess }) {
  const { t } = useTranslation("buckets");
  const client = useQueryClient();
  const address = useQuery(instanceQuery).data?.s3Address ?? "";
  const [mode, setMode] = useState(access.mode);
  const [text, setText] = useState(access.policy);
  const was = blocked(access.block);
  const [block, setBlock] = useState(was);

  const wanted = mode === "private" ? "" : mode === "read" ? access.publicRead : text.trim();
  const change: BucketAccessChange = {
    ...(mode !== access.mode || (mode === "custom" && wanted !== access.policy.trim()) ? { policy: wanted } : {}),
    ...(block !== was && block !== "some" ? { block: blockOf(block === "everything") } : {}),
  };
  const save = useMutation({
    mutationFn: () =>
      body(api.PATCH("/api/v1/buckets/{bucket}/access", { params: { path: { bucket: bucket.name } }, body: change })),
    onSuccess: (changed) => {
      client.setQueryData(accessQuery(bucket.name).queryKey, changed);
      setMode(changed.mode);
      setText(changed.policy);
      setBlock(blocked(changed.block));
      toast.ok(t("common:saved"));
    },
  });
  const settled = useSettled(wanted, 350);
  const checks = mode === "custom" && settled !== "" && settled !== access.policy.trim();
  const check = useQuery({ ...checkQuery(bucket.name, settled), enabled: checks });
  const problem =
    save.error instanceof ApiError && save.error.code === "policy_invalid"
      ? problemIn(save.error.message)
      : checks && settled === wanted
        ? check.data?.problem
        : undefined;
  const choose = (next: BucketAccess["mode"]) => {
    save.reset();
    setMode(next);
    if (next === "custom" && text === "") setText(access.publicRead);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (Object.keys(change).length > 0) save.mutate();
  };

  return (
    <form onSubmit={submit}>
      <Card
        title={t("access.title")}
        description={t("access.description")}
        actions={
          !readOnly && (
            <Link to="/buckets/$bucket/simulator" params={{ bucket: bucket.name }}>
              {t("simulator:open")}
            </Link>
          )
        }
        footer={
          !readOnly && (
            <Button
              type="submit"
              variant="primary"
              busy={save.isPending}
              disabled={Object.keys(change).length === 0 || (mode === "custom" && wanted === "")}
            >
              {t("common:save")}
            </Button>
          )
        }
      >
        <div className={s.form}>
          <RadioList
            label={t("access.title")}
            value={mode}
            onChange={choose}
            disabled={readOnly}
            options={[
              { value: "private", label: t("access.private"), hint: t("access.privateHint") },
              {
                value: "read",
                label: t("access.read"),
                hint: block === "nothing" ? t("access.readHint") : t("access.readBlocked"),
                disabled: block !== "nothing" && access.mode !== "read",
              },
              { value: "custom", label: t("access.custom"), hint: t("access.customHint") },
            ]}
          />
          {mode === "read" && block === "nothing" && (
            <Alert tone="warn">
              {t("access.readWarning")} <code className={s.address}>{`${address}/${bucket.name}/…`}</code>
            </Alert>
          )}
          {mode === "custom" && (
            <PolicyEditor
              label={t("access.policy")}
              hint={t("access.policyHint", { user: "arn:aws:iam::000000000000:user/NAME" })}
              bucket={bucket.name}
              text={text}
              readOnly={readOnly}
              problem={problem}
              onChange={(next) => {
                save.reset();
                setText(next);
              }}
            />
          )}
          {access.mode === "custom" && access.public && was === "nothing" && (
            <Alert tone="warn">{t("access.publicNow")}</Alert>
          )}
          {access.public && access.block.restrictPublicBuckets && <Alert>{t("access.restricted")}</Alert>}
          <Checkbox
            label={t("access.block")}
            hint={block === "some" ? t("access.blockSome") : t("access.blockHint")}
            checked={block === "everything"}
            disabled={readOnly}
            onChange={(event) => {
              save.reset();
              setBlock(event.target.checked ? "everything" : "nothing");
            }}
          />
          {(access.aclPublic || (access.ownership !== "BucketOwnerEnforced" && access.ownership !== "Unset")) && (
            <Alert tone={access.aclPublic && !access.block.ignorePublicAcls ? "warn" : "info"}>
              {access.aclPublic ? t("access.aclPublic") : t("access.acls")}
            </Alert>
          )}
          {save.isError && !problem && <Alert tone="danger">{errorText(save.error)}</Alert>}
        </div>
      </Card>
    </form>
  );
}
