import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Plus, UsersRound } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { errorText } from "@/api/errors";
import { Alert, Button, DataTable, Dialog, EmptyState, ErrorState, Time } from "@/components";
import { matching } from "./holders";
import s from "./Identities.module.css";
import { NameField } from "./NameField";
import { groupsQuery, useChange } from "./queries";
import { Search } from "./Search";

/** GroupsPage lists the groups, whose users hold the same policies. */
export function GroupsPage() {
  const { t } = useTranslation("identities");
  const groups = useQuery(groupsQuery);
  const [typed, setTyped] = useState("");
  const [creating, setCreating] = useState(false);
  const found = groups.data && matching(groups.data, typed, (group) => group.name);
  const create = (
    <Button variant="primary" icon={<Plus size={16} />} onClick={() => setCreating(true)}>
      {t("group.create")}
    </Button>
  );
  return (
    <div className={s.layout}>
      {groups.isError && !groups.data ? (
        <ErrorState error={groups.error} onRetry={() => void groups.refetch()} />
      ) : groups.data?.length === 0 ? (
        <EmptyState icon={<UsersRound size={22} />} title={t("group.none")} action={create}>
          <p>{t("group.description")}</p>
        </EmptyState>
      ) : (
        <>
          <div className={s.toolbar}>
            <p>{t("group.description")}</p>
            {create}
          </div>
          <Search
            label={t("group.search")}
            value={typed}
            onChange={setTyped}
            shown={found?.length ?? 0}
            total={groups.data?.length ?? 0}
          />
          {found?.length === 0 ? (
            <p className={s.note}>{t("nothingFound")}</p>
          ) : (
            <DataTable
              caption={t("groups")}
              rows={found}
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
                { id: "members", header: t("users"), align: "right", cell: (group) => group.members },
                { id: "policies", header: t("policies"), align: "right", cell: (group) => group.policies },
                { id: "created", header: t("created"), muted: true, cell: (group) => <Time value={group.createdAt} /> },
              ]}
            />
          )}
        </>
      )}
      {creating && <CreateGroupDialog onClose={() => setCreating(false)} />}
    </div>
  );
}

function CreateGroupDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("identities");
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const create = useChange(() => body(api.POST("/api/v1/groups", { body: { name: name.trim() } })));
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t("group.create")}
      onSubmit={() =>
        create.mutate(undefined, {
          onSuccess: (group) => void navigate({ to: "/identities/groups/$name", params: { name: group.name } }),
        })
      }
      footer={
        <>
          <Button onClick={onClose}>{t("common:cancel")}</Button>
          <Button type="submit" variant="primary" busy={create.isPending} disabled={name.trim() === ""}>
            {t("group.create")}
          </Button>
        </>
      }
    >
      <NameField
        hint={t("nameHint")}
        value={name}
        onChange={(next) => {
          create.reset();
          setName(next);
        }}
      />
      {create.isError && <Alert tone="danger">{errorText(create.error)}</Alert>}
    </Dialog>
  );
}
