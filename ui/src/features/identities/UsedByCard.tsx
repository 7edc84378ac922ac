import { Link } from "@tanstack/react-router";
import { ScrollText } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { PolicyDetails } from "@/api/types";
import { Card, DataTable, EmptyState } from "@/components";
import s from "./Identities.module.css";

/** UsedByCard lists who holds a policy. */
export function UsedByCard({ policy }: { policy: PolicyDetails }) {
  const { t } = useTranslation("identities");
  return (
    <Card className={s.tables} flush={policy.usedBy.length > 0} title={t("policy.usedBy")}>
      {policy.usedBy.length === 0 ? (
        <EmptyState bare compact icon={<ScrollText size={20} />} title={t("policy.noHolder")}>
          <p>{t("policy.noHolderHint")}</p>
        </EmptyState>
      ) : (
        <DataTable
          caption={t("policy.usedBy")}
          rows={policy.usedBy}
          rowKey={(holder) => `${holder.kind} ${holder.id}`}
          columns={[
            {
              id: "name",
              header: t("name"),
              kind: "primary",
              cell: ({ kind, id, name }) =>
                kind === "user" ? (
                  <Link to="/identities/users/$user" params={{ user: id }}>
                    {name}
                  </Link>
                ) : kind === "group" ? (
                  <Link to="/identities/groups/$name" params={{ name }}>
                    {name}
                  </Link>
                ) : (
                  <Link to="/identities/roles/$name" params={{ name }}>
                    {name}
                  </Link>
                ),
            },
            { id: "kind", header: t("kind.title"), muted: true, cell: (holder) => t(`kind.${holder.kind}`) },
          ]}
        />
      )}
    </Card>
  );
}
