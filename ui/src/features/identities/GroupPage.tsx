import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { Trash2, UserMinus, UserPlus, UsersRound } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/client";
import { errorText } from "@/api/errors";
import { usersQuery } from "@/api/queries";
import type { GroupDetails, User } from "@/api/types";
import {
  Alert,
  Badge,
  Button,
  Card,
  Checkbox,
  ConfirmDialog,
  DataTable,
  Dialog,
  EmptyState,
  IconButton,
  PageHeader,
  QueryView,
  Skeleton,
  toast,
} from "@/components";
import { Person } from "@/features/members/Person";
import { HeldPoliciesCard } from "./HeldPoliciesCard";
import { matching } from "./holders";
import s from "./Identities.module.css";
import { groupQuery, useChange } from "./queries";
import { Search } from "./Search";

const route = getRouteApi("/app/identities/groups/$name");

/** GroupPage is a group: who is in it, and what that gives them. */
export function GroupPage() {
  const { t } = useTranslation("identities");
  const { name } = route.useParams();
  const group = useQuery(groupQuery(name));
  const [deleting, setDeleting] = useState(false);
  return (
    <>
      <PageHeader
        title={name}
        breadcrumbs={[
          <Link key="groups" to="/identities/groups">
            {t("groups")}
          </Link>,
        ]}
        actions={
          group.data && (
            <Button variant="dangerGhost" icon={<Trash2 size={16} />} onClick={() => setDeleting(true)}>
              {t("group.delete")}
            </Button>
          )
        }
      />
      <QueryView query={group} skeleton={<Skeleton width="100%" height={320} radius={11} />}>
        {(data) => (
          <div className={s.layout}>
            <MembersCard group={data} />
            <HeldPoliciesCard holder={{ kind: "group", name }} name={name} held={data.policies} />
            <DeleteGroup group={data} open={deleting} onOpenChange={setDeleting} />
          </div>
        )}
      </QueryView>
    </>
  );
}

function MembersCard({ group }: { group: GroupDetails }) {
  const { t } = useTranslation("identities");
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<User>();
  const remove = useChange((user: User) =>
    api.DELETE("/api/v1/groups/{name}/members/{userId}", { params: { path: { name: group.name, userId: user.id } } }),
  );
  return (
    <Card
      className={s.tables}
      flush={group.members.length > 0}
      title={t("users")}
      description={t("group.membersHint")}
      actions={
        <Button size="sm" icon={<UserPlus size={15} />} onClick={() => setAdding(true)}>
          {t("group.add")}
        </Button>
      }
    >
      {group.members.length === 0 ? (
        <EmptyState bare compact icon={<UsersRound size={20} />} title={t("group.empty")}>
          <p>{t("group.emptyHint")}</p>
        </EmptyState>
      ) : (
        <DataTable
          caption={t("users")}
          rows={group.members}
          rowKey={(user) => user.id}
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
            {
              id: "kind",
              header: t("user.kind"),
              cell: (user) =>
                user.disabled ? (
                  <Badge tone="danger">{t("user.disabled")}</Badge>
                ) : user.admin ? (
                  <Badge tone="accent">{t("common:role.admin")}</Badge>
                ) : (
                  <Badge>{t("user.title")}</Badge>
                ),
            },
            {
              id: "actions",
              header: t("common:actions"),
              kind: "actions",
              cell: (user) => (
                <IconButton
                  size="sm"
                  label={t("group.removeLabel", { name: user.name })}
                  icon={<UserMinus size={16} />}
                  onClick={() => setRemoving(user)}
                />
              ),
            },
          ]}
        />
      )}
      {adding && <AddMembersDialog group={group} onClose={() => setAdding(false)} />}
      <ConfirmDialog
        open={removing !== undefined}
        onOpenChange={(open) => !open && setRemoving(undefined)}
        title={t("group.removeTitle", { user: removing?.name, name: group.name })}
        body={t("group.removeBody")}
        confirm={t("group.remove")}
        onConfirm={async () => {
          if (removing) await remove.mutateAsync(removing);
        }}
      />
    </Card>
  );
}

function AddMembersDialog({ group, onClose }: { group: GroupDetails; onClose: () => void }) {
  const { t } = useTranslation("identities");
  const users = useQuery(usersQuery);
  const [typed, setTyped] = useState("");
  const [chosen, setChosen] = useState<string[]>([]);
  const add = useChange(async (ids: string[]) => {
    for (const userId of ids) {
      await api.PUT("/api/v1/groups/{name}/members/{userId}", { params: { path: { name: group.name, userId } } });
    }
  });
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t("group.addTitle", { name: group.name })}
      description={t("group.addHint", { count: group.policies.attached.length + group.policies.inline.length })}
      onSubmit={() => chosen.length > 0 && add.mutate(chosen, { onSuccess: onClose })}
      footer={
        <>
          <Button onClick={onClose}>{t("common:cancel")}</Button>
          <Button type="submit" variant="primary" busy={add.isPending} disabled={chosen.length === 0}>
            {t("group.addCount", { count: chosen.length })}
          </Button>
        </>
      }
    >
      <QueryView bare query={users} skeleton={<Skeleton width="100%" height={200} />}>
        {(all) => {
          const free = all.filter((user) => !group.members.some((member) => member.id === user.id));
          const found = matching(free, typed, (user) => `${user.name} ${user.displayName}`);
          return (
            <>
              <Search label={t("user.search")} value={typed} onChange={setTyped} shown={found.length} total={free.length} />
              <div className={s.choices}>
                {found.map((user) => (
                  <Checkbox
                    key={user.id}
                    label={user.displayName || user.name}
                    hint={`@${user.name}`}
                    checked={chosen.includes(user.id)}
                    onChange={(event) =>
                      setChosen((old) => (event.target.checked ? [...old, user.id] : old.filter((one) => one !== user.id)))
                    }
                  />
                ))}
                {found.length === 0 && <p className={s.note}>{t("nothingFound")}</p>}
              </div>
            </>
          );
        }}
      </QueryView>
      {add.isError && <Alert tone="danger">{errorText(add.error)}</Alert>}
    </Dialog>
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
        <div className={s.body}>
          <p>{t("group.deleteBody")}</p>
          <ul className={s.list}>
            <li>{t("group.deleteUsers", { count: group.members.length })}</li>
            <li>{t("group.deleteAttached", { count: group.policies.attached.length })}</li>
            {group.policies.inline.map((one) => (
              <li key={one.name}>{t("deleteInline", { name: one.name })}</li>
            ))}
          </ul>
        </div>
      }
      confirm={t("group.delete")}
      onConfirm={async () => {
        await remove.mutateAsync();
        toast.ok(t("deleted", { name: group.name }));
      }}
    />
  );
}
