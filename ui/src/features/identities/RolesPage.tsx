import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Drama, Plus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Button, DataTable, EmptyState, ErrorState, Time } from "@/components";
import { CreateRoleDialog } from "./CreateRoleDialog";
import { matching } from "./holders";
import s from "./Identities.module.css";
import { rolesQuery } from "./queries";
import { Search } from "./Search";

/** RolesPage lists the roles that somebody can put on for a while. */
export function RolesPage() {
  const { t } = useTranslation("identities");
  const roles = useQuery(rolesQuery);
  const [typed, setTyped] = useState("");
  const [creating, setCreating] = useState(false);
  const found = roles.data && matching(roles.data, typed, (role) => `${role.name} ${role.description}`);
  const create = (
    <Button variant="primary" icon={<Plus size={16} />} onClick={() => setCreating(true)}>
      {t("role.create")}
    </Button>
  );
  return (
    <div className={s.layout}>
      {roles.isError && !roles.data ? (
        <ErrorState error={roles.error} onRetry={() => void roles.refetch()} />
      ) : roles.data?.length === 0 ? (
        <EmptyState icon={<Drama size={22} />} title={t("role.none")} action={create}>
          <p>{t("role.description")}</p>
        </EmptyState>
      ) : (
        <>
          <div className={s.toolbar}>
            <p>{t("role.description")}</p>
            {create}
          </div>
          <Search
            label={t("role.search")}
            value={typed}
            onChange={setTyped}
            shown={found?.length ?? 0}
            total={roles.data?.length ?? 0}
          />
          {found?.length === 0 ? (
            <p className={s.note}>{t("nothingFound")}</p>
          ) : (
            <DataTable
              caption={t("roles")}
              rows={found}
              rowKey={(role) => role.name}
              columns={[
                {
                  id: "name",
                  header: t("name"),
                  kind: "primary",
                  cell: (role) => (
                    <span className={s.two}>
                      <b>
                        <Link to="/identities/roles/$name" params={{ name: role.name }}>
                          {role.name}
                        </Link>
                      </b>
                      {role.description && <small>{role.description}</small>}
                    </span>
                  ),
                },
                { id: "policies", header: t("policies"), align: "right", cell: (role) => role.policies },
                {
                  id: "session",
                  header: t("role.session"),
                  muted: true,
                  cell: (role) => t("role.hours", { count: role.maxSession / 3600 }),
                },
                { id: "created", header: t("created"), muted: true, cell: (role) => <Time value={role.createdAt} /> },
              ]}
            />
          )}
        </>
      )}
      {creating && <CreateRoleDialog onClose={() => setCreating(false)} />}
    </div>
  );
}
