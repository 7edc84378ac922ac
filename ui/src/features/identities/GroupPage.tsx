import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { Trash2, UserPlus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/client";
import { usersQuery } from "@/api/queries";
import type { GroupDetails } from "@/api/types";
import { Button, ConfirmDialog, toast } from "@/components";
import { Person } from "@/features/members/Person";
import { ChooseDialog } from "./ChooseDialog";
import { DetailPage } from "./DetailPage";
import { HeldPoliciesCard } from "./HeldPoliciesCard";
import { Losses } from "./HolderQuestions";
import { MembershipCard } from "./MembershipCard";
import { groupQuery, useChange } from "./queries";
import { UserKind } from "./UserKind";

const route = getRouteApi("/app/identities/groups/$name");

/** GroupPage is a group: who is in it, and what that gives them. */
export function GroupPage() {
  const { t } = useTranslation("identities");
  const { name } = route.useParams();
  const [deleting, setDeleting] = useState(false);
  return (
    <DetailPage
      list={<Link to="/identities/groups">{t("groups")}</Link>}
      query={groupQuery(name)}
      titleOf={() => name}
      actions={() => (
        <Button variant="dangerGhost" icon={<Trash2 size={16} />} onClick={() => setDeleting(true)}>
          {t("group.delete")}
        </Button>
      )}
    >
      {(group) => (
        <>
          <MembersCard group={group} />
          <HeldPoliciesCard holder={{ kind: "group", name }} name={name} held={group.policies} />
          <DeleteGroup group={group} open={deleting} onOpenChange={setDeleting} />
        </>
      )}
    </DetailPage>
  );
}

function MembersCard({ group }: { group: GroupDetails }) {
  const { t } = useTranslation("identities");
  const [adding, setAdding] = useState(false);
  const { name } = group;
  const remove = useChange((userId: string) =>
    api.DELETE("/api/v1/groups/{name}/members/{userId}", { params: { path: { name, userId } } }),
  );
  return (
    <MembershipCard
      title={t("users")}
      description={t("group.membersHint")}
      add={
        <Button size="sm" icon={<UserPlus size={15} />} onClick={() => setAdding(true)}>
          {t("group.add")}
        </Button>
      }
      empty={t("group.empty")}
      emptyHint={t("group.emptyHint")}
      rows={group.members}
      idOf={(user) => user.id}
      columns={[
        {
          id: "user",
          header: t("user.title"),
          kind: "primary",
          cell: (user) => (
            <Link to="/identities/users/$user" params={{ user: user.id }}>
              <Person user={user} />
            </Link>
          ),
        },
        { id: "kind", header: t("user.kind"), cell: (user) => <UserKind user={user} /> },
      ]}
      removeLabel={(user) => t("group.removeLabel", { name: user.name })}
      removeTitle={(user) => t("group.removeTitle", { user: user.name, name })}
      remove={(user) => remove.mutateAsync(user.id)}
    >
      {adding && (
        <ChooseDialog
          title={t("group.addTitle", { name })}
          description={t("group.addHint", { count: group.policies.attached.length + group.policies.inline.length })}
          search={t("user.search")}
          query={usersQuery}
          free={(user) => !group.members.some((member) => member.id === user.id)}
          idOf={(user) => user.id}
          labelOf={(user) => user.displayName || user.name}
          hintOf={(user) => `@${user.name}`}
          action={(count) => t("group.addCount", { count })}
          choose={(userId) => api.PUT("/api/v1/groups/{name}/members/{userId}", { params: { path: { name, userId } } })}
          onClose={() => setAdding(false)}
        />
      )}
    </MembershipCard>
  );
}

type DeleteProps = { group: GroupDetails; open: boolean; onOpenChange: (open: boolean) => void };

function DeleteGroup({ group, open, onOpenChange }: DeleteProps) {
  const { t } = useTranslation("identities");
  const navigate = useNavigate();
  const remove = useChange(async () => {
    await api.DELETE("/api/v1/groups/{name}", { params: { path: { name: group.name } } });
    await navigate({ to: "/identities/groups" });
  });
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={onOpenChange}
      title={t("group.deleteTitle", { name: group.name })}
      body={
        <Losses
          body={t("group.deleteBody")}
          lost={[
            t("group.deleteUsers", { count: group.members.length }),
            t("group.deleteAttached", { count: group.policies.attached.length }),
            ...group.policies.inline.map((one) => t("deleteInline", { name: one.name })),
          ]}
        />
      }
      confirm={t("group.delete")}
      onConfirm={async () => {
        await remove.mutateAsync();
        toast.ok(t("deleted", { name: group.name }));
      }}
    />
  );
}
