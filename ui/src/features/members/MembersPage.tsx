import { useQuery } from "@tanstack/react-query";
import { UserMinus, UserPlus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { atLeast, membersQuery } from "@/api/queries";
import { useMe } from "@/api/session";
import type { Member, Role } from "@/api/types";
import {
  Badge,
  Button,
  ConfirmDialog,
  DataTable,
  ErrorState,
  IconButton,
  PageHeader,
  Select,
  Time,
  toast,
} from "@/components";
import { useProject } from "@/features/projects/useProject";
import { AddMemberDialog } from "./AddMemberDialog";
import s from "./Members.module.css";
import { Person } from "./Person";
import { roles } from "./roles";
import { useRemoveMember, useSetMember } from "./useMembers";

export function MembersPage() {
  const { t } = useTranslation("members");
  const project = useProject();
  const members = useQuery(membersQuery(project.slug));
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<Member>();
  const remove = useRemoveMember(project.slug);
  const mayWrite = atLeast(project.role, "owner");
  const owners = members.data?.filter((m) => m.role === "owner").length ?? 0;
  return (
    <>
      <PageHeader
        title={t("title")}
        description={t("description", { project: project.name })}
        actions={
          mayWrite && (
            <Button variant="primary" icon={<UserPlus size={16} />} onClick={() => setAdding(true)}>
              {t("add.title")}
            </Button>
          )
        }
      />
      {members.isError && !members.data ? (
        <ErrorState error={members.error} onRetry={() => void members.refetch()} />
      ) : (
        <DataTable
          caption={t("title")}
          rows={members.data}
          rowKey={(m) => m.user.id}
          columns={[
            { id: "user", header: t("person"), kind: "primary", cell: (m) => <Person user={m.user} /> },
            {
              id: "role",
              header: t("role"),
              cell: (m) =>
                mayWrite ? (
                  <RoleSelect project={project.slug} member={m} lastOwner={m.role === "owner" && owners === 1} />
                ) : (
                  <Badge>{t(`common:role.${m.role}`)}</Badge>
                ),
            },
            { id: "since", header: t("since"), muted: true, cell: (m) => <Time value={m.since} /> },
            ...(mayWrite
              ? [
                  {
                    id: "actions",
                    header: t("common:actions"),
                    kind: "actions" as const,
                    cell: (m: Member) => (
                      <IconButton
                        size="sm"
                        label={t("remove.label", { name: m.user.displayName || m.user.name })}
                        icon={<UserMinus size={16} />}
                        disabled={m.role === "owner" && owners === 1}
                        onClick={() => setRemoving(m)}
                      />
                    ),
                  },
                ]
              : []),
          ]}
        />
      )}
      <dl className={s.roles}>
        {roles.map((role) => (
          <div key={role}>
            <dt>{t(`common:role.${role}`)}</dt>
            <dd>{t(`explain.${role}`)}</dd>
          </div>
        ))}
      </dl>
      <AddMemberDialog project={project.slug} members={members.data ?? []} open={adding} onOpenChange={setAdding} />
      <ConfirmDialog
        open={removing !== undefined}
        onOpenChange={(open) => !open && setRemoving(undefined)}
        title={t("remove.title", { name: removing?.user.displayName || removing?.user.name })}
        body={t("remove.body", { project: project.name })}
        confirm={t("remove.confirm")}
        onConfirm={async () => {
          if (removing) await remove.mutateAsync(removing.user.id);
        }}
      />
    </>
  );
}

function RoleSelect({ project, member, lastOwner }: { project: string; member: Member; lastOwner: boolean }) {
  const { t } = useTranslation("members");
  const me = useMe();
  const set = useSetMember(project);
  const name = member.user.displayName || member.user.name;
  const [leaving, setLeaving] = useState<Role>();
  function change(role: Role) {
    set.mutate(
      { userId: member.user.id, role },
      { onSuccess: () => toast.ok(t("changed", { name })), onError: toast.error },
    );
  }
  return (
    <>
      <Select
        className={s.role}
        aria-label={t("roleOf", { name })}
        value={set.variables && set.isPending ? set.variables.role : member.role}
        disabled={set.isPending || lastOwner}
        title={lastOwner ? t("lastOwner") : undefined}
        onChange={(event) => {
          const role = event.target.value as Role;
          // Giving up one's own ownership cannot be taken back by oneself.
          if (member.user.id === me.id && !me.admin) setLeaving(role);
          else change(role);
        }}
      >
        {roles.map((role) => (
          <option key={role} value={role}>
            {t(`common:role.${role}`)}
          </option>
        ))}
      </Select>
      <ConfirmDialog
        open={leaving !== undefined}
        onOpenChange={(open) => !open && setLeaving(undefined)}
        title={t("stepDown.title")}
        body={t("stepDown.body")}
        confirm={t("stepDown.confirm")}
        onConfirm={async () => {
          if (leaving) await set.mutateAsync({ userId: member.user.id, role: leaving });
        }}
      />
    </>
  );
}
