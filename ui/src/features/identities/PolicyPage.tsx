import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { Copy, Pencil, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/client";
import { errorText } from "@/api/errors";
import type { PolicyDetails } from "@/api/types";
import {
  Alert,
  Badge,
  Button,
  Card,
  Checkbox,
  ConfirmDialog,
  CopyField,
  Dialog,
  PageHeader,
  QueryView,
  Skeleton,
  toast,
} from "@/components";
import { PolicyEditor } from "@/features/access/PolicyEditor";
import { CreatePolicyDialog } from "./CreatePolicyDialog";
import s from "./Identities.module.css";
import { problemOf } from "./problem";
import { policyQuery, useChange } from "./queries";
import { UsedByCard } from "./UsedByCard";
import { VersionsCard } from "./VersionsCard";

const route = getRouteApi("/app/identities/policies/$name");

/** PolicyPage is a policy: what it says, what it said, and who holds it. */
export function PolicyPage() {
  const { t } = useTranslation("identities");
  const { name } = route.useParams();
  const policy = useQuery(policyQuery(name));
  const [deleting, setDeleting] = useState(false);
  const [copying, setCopying] = useState<string>();
  const now = policy.data?.versions.find((version) => version.default);
  return (
    <>
      <PageHeader
        title={name}
        description={policy.data?.description || undefined}
        breadcrumbs={[
          <Link key="policies" to="/identities/policies">
            {t("policies")}
          </Link>,
        ]}
        actions={
          policy.data && (
            <div className={s.buttons}>
              <Button icon={<Copy size={16} />} onClick={() => setCopying(now?.document ?? "")}>
                {t("policy.copy")}
              </Button>
              {!policy.data.builtIn && (
                <Button variant="dangerGhost" icon={<Trash2 size={16} />} onClick={() => setDeleting(true)}>
                  {t("policy.delete")}
                </Button>
              )}
            </div>
          )
        }
      />
      <QueryView query={policy} skeleton={<Skeleton width="100%" height={420} radius={11} />}>
        {(data) => (
          <div className={s.layout}>
            <DocumentCard key={`${name} ${now?.number}`} policy={data} />
            <UsedByCard policy={data} />
            {!data.builtIn && <VersionsCard policy={data} />}
            <DeletePolicy policy={data} open={deleting} onOpenChange={setDeleting} />
          </div>
        )}
      </QueryView>
      {copying !== undefined && <CreatePolicyDialog from={copying} onClose={() => setCopying(undefined)} />}
    </>
  );
}

/** DocumentCard shows what counts, and changes it by a new version. */
function DocumentCard({ policy }: { policy: PolicyDetails }) {
  const { t } = useTranslation("identities");
  const now = policy.versions.find((version) => version.default);
  const [text, setText] = useState<string>();
  const [counts, setCounts] = useState(true);
  const save = useChange((document: string) =>
    api.POST("/api/v1/policies/{name}/versions", {
      params: { path: { name: policy.name } },
      body: { document, default: counts },
    }),
  );
  const problem = problemOf(save.error);
  const editing = text !== undefined;
  const full = policy.versions.length >= policy.mostKept;
  return (
    <Card
      title={t("policy.says")}
      description={
        policy.builtIn ? t("policy.builtInHint") : t("policy.saysHint", { number: now?.number, count: policy.usedBy.length })
      }
      actions={
        !policy.builtIn &&
        !editing && (
          <Button size="sm" icon={<Pencil size={15} />} onClick={() => setText(now?.document ?? "")}>
            {t("edit")}
          </Button>
        )
      }
      footer={
        editing ? (
          <div className={s.buttons}>
            <Button
              onClick={() => {
                save.reset();
                setText(undefined);
              }}
            >
              {t("common:cancel")}
            </Button>
            <Button
              variant="primary"
              busy={save.isPending}
              disabled={full || text.trim() === "" || text === now?.document}
              onClick={() =>
                save.mutate(text, {
                  onSuccess: () => {
                    toast.ok(t("common:saved"));
                    setText(undefined);
                  },
                })
              }
            >
              {t("policy.save")}
            </Button>
          </div>
        ) : undefined
      }
    >
      <div className={s.body}>
        {editing && full && <Alert tone="warn">{t("policy.full", { count: policy.mostKept })}</Alert>}
        <PolicyEditor
          label={t("document")}
          hint={t("documentHint")}
          text={text ?? now?.document ?? ""}
          readOnly={!editing}
          problem={problem}
          onChange={(next) => {
            save.reset();
            setText(next);
          }}
        />
        {editing && (
          <Checkbox
            label={t("policy.counts")}
            hint={t("policy.countsHint", { count: policy.usedBy.length })}
            checked={counts}
            onChange={(event) => setCounts(event.target.checked)}
          />
        )}
        {save.isError && !problem && <Alert tone="danger">{errorText(save.error)}</Alert>}
        {!editing && <CopyField label={t("arn")} value={policy.arn} />}
      </div>
    </Card>
  );
}

type DeleteProps = { policy: PolicyDetails; open: boolean; onOpenChange: (open: boolean) => void };

function DeletePolicy({ policy, open, onOpenChange }: DeleteProps) {
  const { t } = useTranslation("identities");
  const navigate = useNavigate();
  const remove = useChange(async () => {
    await api.DELETE("/api/v1/policies/{name}", { params: { path: { name: policy.name } } });
    await navigate({ to: "/identities/policies" });
  });
  if (policy.usedBy.length > 0) {
    return (
      <Dialog
        open={open}
        onOpenChange={onOpenChange}
        title={t("policy.heldTitle", { name: policy.name })}
        footer={
          <Button variant="primary" onClick={() => onOpenChange(false)}>
            {t("common:close")}
          </Button>
        }
      >
        <p>{t("policy.heldBody")}</p>
        <ul className={s.list}>
          {policy.usedBy.map((holder) => (
            <li key={`${holder.kind} ${holder.id}`}>
              {t(`kind.${holder.kind}`)} <Badge>{holder.name}</Badge>
            </li>
          ))}
        </ul>
      </Dialog>
    );
  }
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={onOpenChange}
      title={t("policy.deleteTitle", { name: policy.name })}
      body={t("policy.deleteBody", { count: policy.versions.length })}
      confirm={t("policy.delete")}
      onConfirm={async () => {
        await remove.mutateAsync();
        toast.ok(t("deleted", { name: policy.name }));
      }}
    />
  );
}
