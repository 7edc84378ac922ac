import { Link } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/client";
import type { UserIdentity } from "@/api/types";
import { Button } from "@/components";
import { ChooseDialog } from "./ChooseDialog";
import { MembershipCard } from "./MembershipCard";
import { groupsQuery, useChange } from "./queries";

/** UserGroupsCard lists the groups of a user, and puts them into others. */
export function UserGroupsCard({ identity }: { identity: UserIdentity }) {
  const { t } = useTranslation("identities");
  const { user, groups } = identity;
  const [adding, setAdding] = useState(false);
  const leave = useChange((name: string) =>
    api.DELETE("/api/v1/groups/{name}/members/{userId}", { params: { path: { name, userId: user.id } } }),
  );
  return (
    <MembershipCard
      title={t("groups")}
      add={
        <Button size="sm" icon={<Plus size={15} />} onClick={() => setAdding(true)}>
          {t("user.addToGroup")}
        </Button>
      }
      empty={t("user.noGroups")}
      emptyHint={t("group.description")}
      rows={groups}
      idOf={(group) => group.name}
      columns={[
        {
          id: "name",
          header: t("name"),
          kind: "primary",
          cell: (group) => (
            <Link to="/identities/groups/$name" params={{ name: group.name }}>
              {group.name}
            </Link>
          ),
        },
        { id: "policies", header: t("policies"), align: "right", cell: (group) => group.attached.length + group.inline.length },
      ]}
      removeLabel={(group) => t("user.leaveLabel", { name: group.name })}
      removeTitle={(group) => t("group.removeTitle", { user: user.name, name: group.name })}
      remove={(group) => leave.mutateAsync(group.name)}
    >
      {adding && (
        <ChooseDialog
          title={t("user.joinTitle", { name: user.name })}
          search={t("group.search")}
          query={groupsQuery}
          free={(group) => !groups.some((one) => one.name === group.name)}
          idOf={(group) => group.name}
          labelOf={(group) => group.name}
          hintOf={(group) => t("group.holds", { count: group.policies })}
          none={t("group.none")}
          action={(count) => t("user.join", { count })}
          choose={(name) => api.PUT("/api/v1/groups/{name}/members/{userId}", { params: { path: { name, userId: user.id } } })}
          onClose={() => setAdding(false)}
        />
      )}
    </MembershipCard>
  );
}
