import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Ellipsis, KeySquare, Shield, ShieldOff, UserCheck, UserPlus, UserX } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { usersQuery } from "@/api/queries";
import { useMe } from "@/api/session";
import type { User } from "@/api/types";
import {
  Button,
  ConfirmDialog,
  DataTable,
  ErrorState,
  IconButton,
  Menu,
  MenuItem,
  MenuSeparator,
  Time,
  toast,
} from "@/components";
import { Person } from "@/features/members/Person";
import { matching } from "./holders";
import s from "./Identities.module.css";
import { Search } from "./Search";
import { CreateUserDialog, ResetPasswordDialog } from "./UserDialogs";
import { UserKind } from "./UserKind";

type Change = { admin?: boolean; disabled?: boolean };
type Asked = { user: User; change: Change; about: "disable" | "admin" };

/** UsersPage lists everybody who has an account. */
export function UsersPage() {
  const { t } = useTranslation("settings");
  const me = useMe();
  const client = useQueryClient();
  const users = useQuery(usersQuery);
  const [typed, setTyped] = useState("");
  const [creating, setCreating] = useState(false);
  const [resetting, setResetting] = useState<User>();
  const [asked, setAsked] = useState<Asked>();
  const change = useMutation({
    mutationFn: ({ user, change }: { user: User; change: Change }) =>
      body(api.PATCH("/api/v1/users/{id}", { params: { path: { id: user.id } }, body: change })),
    onSuccess: () => client.invalidateQueries({ queryKey: usersQuery.queryKey }),
  });
  const now = (user: User, wanted: Change) =>
    change.mutate({ user, change: wanted }, { onError: toast.error, onSuccess: () => toast.ok(t("common:saved")) });
  const found = users.data && matching(users.data, typed, (user) => `${user.name} ${user.displayName}`);
  const title = (user: User) => user.displayName || user.name;
  return (
    <div className={s.layout}>
      <div className={s.toolbar}>
        <p>{t("users.description")}</p>
        <Button variant="primary" icon={<UserPlus size={16} />} onClick={() => setCreating(true)}>
          {t("users.create")}
        </Button>
      </div>
      {users.isError && !users.data ? (
        <ErrorState error={users.error} onRetry={() => void users.refetch()} />
      ) : (
        <>
          <Search
            label={t("identities:user.search")}
            value={typed}
            onChange={setTyped}
            shown={found?.length ?? 0}
            total={users.data?.length ?? 0}
          />
          <DataTable
            caption={t("identities:users")}
            rows={found}
            rowKey={(user) => user.id}
            columns={[
              {
                id: "user",
                header: t("users.person"),
                kind: "primary",
                cell: (user) => (
                  <Link to="/identities/users/$user" params={{ user: user.id }}>
                    <Person user={user} />
                  </Link>
                ),
              },
              {
                id: "kind",
                header: t("users.kind"),
                cell: (user) => <UserKind user={user} />,
              },
              {
                id: "created",
                header: t("created"),
                muted: true,
                cell: (user) => <Time value={user.createdAt} />,
              },
              {
                id: "actions",
                header: t("common:actions"),
                kind: "actions",
                cell: (user) =>
                  user.id !== me.id && (
                    <Menu
                      trigger={
                        <IconButton
                          size="sm"
                          label={t("users.actions", { name: title(user) })}
                          icon={<Ellipsis size={17} />}
                        />
                      }
                    >
                      <MenuItem icon={<KeySquare size={16} />} onSelect={() => setResetting(user)}>
                        {t("users.reset")}
                      </MenuItem>
                      {user.admin ? (
                        <MenuItem icon={<ShieldOff size={16} />} onSelect={() => now(user, { admin: false })}>
                          {t("users.dropAdmin")}
                        </MenuItem>
                      ) : (
                        <MenuItem
                          icon={<Shield size={16} />}
                          onSelect={() => setAsked({ user, change: { admin: true }, about: "admin" })}
                        >
                          {t("users.makeAdmin")}
                        </MenuItem>
                      )}
                      <MenuSeparator />
                      {user.disabled ? (
                        <MenuItem icon={<UserCheck size={16} />} onSelect={() => now(user, { disabled: false })}>
                          {t("users.enable")}
                        </MenuItem>
                      ) : (
                        <MenuItem
                          danger
                          icon={<UserX size={16} />}
                          onSelect={() => setAsked({ user, change: { disabled: true }, about: "disable" })}
                        >
                          {t("users.disable")}
                        </MenuItem>
                      )}
                    </Menu>
                  ),
              },
            ]}
          />
        </>
      )}
      {creating && <CreateUserDialog onClose={() => setCreating(false)} />}
      {resetting && <ResetPasswordDialog user={resetting} onClose={() => setResetting(undefined)} />}
      <ConfirmDialog
        open={asked !== undefined}
        onOpenChange={(open) => !open && setAsked(undefined)}
        harmless={asked?.about === "admin"}
        title={
          asked?.about === "admin"
            ? t("users.makeAdminTitle", { name: title(asked.user) })
            : t("users.disableTitle", { name: asked && title(asked.user) })
        }
        body={asked?.about === "admin" ? t("users.makeAdminBody") : t("users.disableBody")}
        confirm={asked?.about === "admin" ? t("users.makeAdmin") : t("users.disable")}
        onConfirm={async () => {
          if (asked) await change.mutateAsync(asked);
        }}
      />
    </div>
  );
}
