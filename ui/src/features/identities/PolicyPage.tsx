import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { Copy, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/client";
import type { PolicyDetails } from "@/api/types";
import { Badge, Button, Checkbox, ConfirmDialog, CopyField, Dialog, toast } from "@/components";
import { CreatePolicyDialog } from "./CreatePolicyDialog";
import { DetailPage } from "./DetailPage";
import { DocumentCard } from "./DocumentCard";
import s from "./Identities.module.css";
import { policyQuery, useChange } from "./queries";
import { UsedByCard } from "./UsedByCard";
import { VersionsCard } from "./VersionsCard";

const route = getRouteApi("/app/identities/policies/$name");

const current = (policy: PolicyDetails) => policy.versions.find((version) => version.default);

/** PolicyPage is a policy: what it says, what it said, and who holds it. */
export function PolicyPage() {
  const { t } = useTranslation("identities");
  const { name } = route.useParams();
  const [deleting, setDeleting] = useState(false);
  const [copying, setCopying] = useState<string>();
  return (
    <>
      <DetailPage
        list={<Link to="/identities/policies">{t("policies")}</Link>}
        query={policyQuery(name)}
        titleOf={() => name}
        descriptionOf={(policy) => policy.description}
        actions={(policy) => (
          <>
            <Button icon={<Copy size={16} />} onClick={() => setCopying(current(policy)?.document ?? "")}>
              {t("policy.copy")}
            </Button>
            {!policy.builtIn && (
              <Button variant="dangerGhost" icon={<Trash2 size={16} />} onClick={() => setDeleting(true)}>
                {t("policy.delete")}
              </Button>
            )}
          </>
        )}
      >
        {(policy) => (
          <>
            <SaysCard key={`${name} ${current(policy)?.number}`} policy={policy} />
            <UsedByCard policy={policy} />
            {!policy.builtIn && <VersionsCard policy={policy} />}
            <DeletePolicy policy={policy} open={deleting} onOpenChange={setDeleting} />
          </>
        )}
      </DetailPage>
      {copying !== undefined && <CreatePolicyDialog from={copying} onClose={() => setCopying(undefined)} />}
    </>
  );
}

/** SaysCard shows what counts, and changes it by a new version. */
function SaysCard({ policy }: { policy: PolicyDetails }) {
  const { t } = useTranslation("identities");
  const now = current(policy);
  const [counts, setCounts] = useState(true);
  const full = policy.versions.length >= policy.mostKept;
  return (
    <DocumentCard
      title={t("policy.says")}
      description={
        policy.builtIn ? t("policy.builtInHint") : t("policy.saysHint", { number: now?.number, count: policy.usedBy.length })
      }
      label={t("document")}
      hint={t("documentHint")}
      document={now?.document ?? ""}
      readOnly={policy.builtIn}
      blocked={full ? t("policy.full", { count: policy.mostKept }) : undefined}
      action={t("policy.save")}
      save={(document: string) =>
        api.POST("/api/v1/policies/{name}/versions", {
          params: { path: { name: policy.name } },
          body: { document, default: counts },
        })
      }
      options={
        <Checkbox
          label={t("policy.counts")}
          hint={t("policy.countsHint", { count: policy.usedBy.length })}
          checked={counts}
          onChange={(event) => setCounts(event.target.checked)}
        />
      }
    >
      <CopyField label={t("arn")} value={policy.arn} />
    </DocumentCard>
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
