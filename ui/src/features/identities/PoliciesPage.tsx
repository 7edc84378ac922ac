import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Badge, Button, DataTable, ErrorState, Select, Time } from "@/components";
import { CreatePolicyDialog } from "./CreatePolicyDialog";
import { matching } from "./holders";
import s from "./Identities.module.css";
import { policiesQuery } from "./queries";
import { Search } from "./Search";

type Kind = "all" | "own" | "builtIn" | "unused";

/** PoliciesPage lists the policies that can be attached: those of Croft, and those that were made here. */
export function PoliciesPage() {
  const { t } = useTranslation("identities");
  const policies = useQuery(policiesQuery);
  const [typed, setTyped] = useState("");
  const [kind, setKind] = useState<Kind>("all");
  const [creating, setCreating] = useState(false);
  const found =
    policies.data &&
    matching(policies.data, typed, (policy) => `${policy.name} ${policy.description}`).filter(
      (policy) =>
        kind === "all" ||
        (kind === "own" && !policy.builtIn) ||
        (kind === "builtIn" && policy.builtIn) ||
        (kind === "unused" && policy.usedBy === 0),
    );
  return (
    <div className={s.layout}>
      <div className={s.toolbar}>
        <p>{t("policy.description")}</p>
        <Button variant="primary" icon={<Plus size={16} />} onClick={() => setCreating(true)}>
          {t("policy.create")}
        </Button>
      </div>
      {policies.isError && !policies.data ? (
        <ErrorState error={policies.error} onRetry={() => void policies.refetch()} />
      ) : (
        <>
          <div className={s.toolbar}>
            <Search
              label={t("policySearch")}
              value={typed}
              onChange={setTyped}
              shown={found?.length ?? 0}
              total={policies.data?.length ?? 0}
            />
            <Select aria-label={t("policy.filter")} value={kind} onChange={(event) => setKind(event.target.value as Kind)}>
              <option value="all">{t("policy.all")}</option>
              <option value="own">{t("policy.own")}</option>
              <option value="builtIn">{t("builtIn")}</option>
              <option value="unused">{t("policy.unused")}</option>
            </Select>
          </div>
          {found?.length === 0 ? (
            <p className={s.note}>{kind === "own" && typed === "" ? t("policy.noneOwn") : t("nothingFound")}</p>
          ) : (
            <DataTable
              caption={t("policies")}
              rows={found}
              rowKey={(policy) => policy.name}
              columns={[
                {
                  id: "name",
                  header: t("name"),
                  kind: "primary",
                  cell: (policy) => (
                    <span className={s.two}>
                      <b>
                        <Link to="/identities/policies/$name" params={{ name: policy.name }}>
                          {policy.name}
                        </Link>
                        {policy.builtIn && <Badge>{t("builtIn")}</Badge>}
                      </b>
                      {policy.description && <small>{policy.description}</small>}
                    </span>
                  ),
                },
                { id: "used", header: t("policy.usedBy"), align: "right", cell: (policy) => policy.usedBy },
                {
                  id: "version",
                  header: t("policy.version"),
                  muted: true,
                  cell: (policy) => t("policy.versionNumber", { number: policy.version }),
                },
                {
                  id: "updated",
                  header: t("policy.updated"),
                  muted: true,
                  cell: (policy) => (policy.builtIn ? t("policy.withCroft") : <Time value={policy.updatedAt} />),
                },
              ]}
            />
          )}
        </>
      )}
      {creating && <CreatePolicyDialog onClose={() => setCreating(false)} />}
    </div>
  );
}
