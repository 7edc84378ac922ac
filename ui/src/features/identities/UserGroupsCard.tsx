import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Plus, UserMinus, UsersRound } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/client";
import { errorText } from "@/api/errors";
import type { UserIdentity } from "@/api/types";
import {
  Alert,
  Button,
  Card,
  Checkbox,
  ConfirmDialog,
  DataTable,
  Dialog,
  EmptyState,
  IconButton,
  QueryView,
  Skeleton,
} from "@/components";
import { matching } from "./holders";
import s from "./Identities.module.css";
import { groupsQuery, useChange } from "./queries";
import { Search } from "./Search";

/** UserGroupsCard lists the groups of a user, and puts them into others. */
export function UserGroupsCard({ identity }: { identity: UserIdentity }) {
  const { t } = useTranslation("identities");
  const { user, groups } = identity;
  const [adding, setAdding] = useState(false);
  const [leaving, setLeaving] = useState<string>();
  const leave = useChange((name: string) =>
    api.DELETE("/api/v1/groups/{name}/members/{userId}", { params: { path: { name, userId: user.id } } }),
  );
  return (
    <Card
      className={s.tables}
      flush={groups.length > 0}
      title={t("groups")}
      actions={
        <Button size="sm" icon={<Plus size={15} />} onClick={() => setAdding(true)}>
          {t("user.addToGroup")}
        </Button>
      }
    >
      {groups.length === 0 ? (
        <EmptyState bare compact icon={<UsersRound size={20} />} title={t("user.noGroups")}>
          <p>{t("group.description")}</p>
        </EmptyState>
      ) : (
        <DataTable
          caption={t("groups")}
          rows={groups}
          rowKey={(group) => group.name}
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
            {
              id: "policies",
              header: t("policies"),
              align: "right",
              cell: (group) => group.attached.length + group.inline.length,
            },
            {
              id: "actions",
              header: t("common:actions"),
              kind: "actions",
              cell: (group) => (
                <IconButton
                  size="sm"
                  label={t("user.leaveLabel", { name: group.name })}
                  icon={<UserMinus size={16} />}
                  onClick={() => setLeaving(group.name)}
                />
              ),
            },
          ]}
        />
      )}
      {adding && <JoinDialog identity={identity} onClose={() => setAdding(false)} />}
      <ConfirmDialog
        open={leaving !== undefined}
        onOpenChange={(open) => !open && setLeaving(undefined)}
        title={t("group.removeTitle", { user: user.name, name: leaving })}
        body={t("group.removeBody")}
        confirm={t("group.remove")}
        onConfirm={async () => {
          if (leaving) await leave.mutateAsync(leaving);
        }}
      />
    </Card>
  );
}

function JoinDialog({ identity, onClose }: { identity: UserIdentity; onClose: () => void }) {
  const { t } = useTranslation("identities");
  const groups = useQuery(groupsQuery);
  const [typed, setTyped] = useState("");
  const [chosen, setChosen] = useState<string[]>([]);
  const join = useChange(async (names: string[]) => {
    for (const name of names) {
      await api.PUT("/api/v1/groups/{name}/members/{userId}", { params: { path: { name, userId: identity.user.id } } });
    }
  });
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t("user.joinTitle", { name: identity.user.name })}
      onSubmit={() => chosen.length > 0 && join.mutate(chosen, { onSuccess: onClose })}
      footer={
        <>
          <Button onClick={onClose}>{t("common:cancel")}</Button>
          <Button type="submit" variant="primary" busy={join.isPending} disabled={chosen.length === 0}>
            {t("user.join", { count: chosen.length })}
          </Button>
        </>
      }
    >
      <QueryView bare query={groups} skeleton={<Skeleton width="100%" height={200} />}>
        {(all) => {
          const free = all.filter((group) => !identity.groups.some((one) => one.name === group.name));
          const found = matching(free, typed, (group) => group.name);
          return (
            <>
              <Search label={t("group.search")} value={typed} onChange={setTyped} shown={found.length} total={free.length} />
              <div className={s.choices}>
                {found.map((group) => (
                  <Checkbox
                    key={group.name}
                    label={group.name}
                    hint={t("group.holds", { count: group.policies })}
                    checked={chosen.includes(group.name)}
                    onChange={(event) =>
                      setChosen((old) =>
                        event.target.checked ? [...old, group.name] : old.filter((one) => one !== group.name),
                      )
                    }
                  />
                ))}
                {found.length === 0 && <p className={s.note}>{all.length === 0 ? t("group.none") : t("nothingFound")}</p>}
              </div>
            </>
          );
        }}
      </QueryView>
      {join.isError && <Alert tone="danger">{errorText(join.error)}</Alert>}
    </Dialog>
  );
}
