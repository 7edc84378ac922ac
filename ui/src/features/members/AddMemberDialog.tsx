import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { Trans, useTranslation } from "react-i18next";
import { errorText } from "@/api/errors";
import { usersQuery } from "@/api/queries";
import { useMe } from "@/api/session";
import type { Member, Role } from "@/api/types";
import { Alert, Button, Dialog, Field, Select, toast } from "@/components";
import { roles } from "./roles";
import { useSetMember } from "./useMembers";

type Props = { project: string; members: Member[]; open: boolean; onOpenChange: (open: boolean) => void };

export function AddMemberDialog({ project, members, open, onOpenChange }: Props) {
  const { t } = useTranslation("members");
  const me = useMe();
  const users = useQuery({ ...usersQuery, enabled: open });
  const [userId, setUserId] = useState("");
  const [role, setRole] = useState<Role>("developer");
  const add = useSetMember(project);
  const taken = new Set(members.map((m) => m.user.id));
  const candidates = users.data?.filter((user) => !taken.has(user.id) && !user.disabled);
  const nobody = candidates?.length === 0;
  function close() {
    onOpenChange(false);
    setUserId("");
    add.reset();
  }
  function submit() {
    const user = candidates?.find((u) => u.id === userId);
    if (!user) return;
    add.mutate(
      { userId, role },
      {
        onSuccess: () => {
          toast.ok(t("add.done", { name: user.displayName || user.name }));
          close();
        },
      },
    );
  }
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => !next && close()}
      title={t("add.title")}
      onSubmit={submit}
      footer={
        <>
          <Button onClick={close}>{t("common:cancel")}</Button>
          <Button type="submit" variant="primary" busy={add.isPending} disabled={!userId}>
            {t("add.submit")}
          </Button>
        </>
      }
    >
      {nobody ? (
        <Alert>
          {me.admin ? (
            <Trans t={t} i18nKey="add.nobodyAdmin" components={{ a: <Link to="/identities/users" /> }} />
          ) : (
            t("add.nobody")
          )}
        </Alert>
      ) : (
        <Field label={t("person")}>
          <Select required value={userId} onChange={(event) => setUserId(event.target.value)}>
            <option value="" disabled>
              {users.isPending ? t("common:loading") : t("add.choose")}
            </option>
            {candidates?.map((user) => (
              <option key={user.id} value={user.id}>
                {user.displayName ? `${user.displayName} (@${user.name})` : user.name}
              </option>
            ))}
          </Select>
        </Field>
      )}
      <Field label={t("role")} hint={t(`explain.${role}`)}>
        <Select value={role} onChange={(event) => setRole(event.target.value as Role)}>
          {roles.map((value) => (
            <option key={value} value={value}>
              {t(`common:role.${value}`)}
            </option>
          ))}
        </Select>
      </Field>
      {(add.isError || users.isError) && (
        <Alert tone="danger">{errorText(add.error ?? users.error)}</Alert>
      )}
    </Dialog>
  );
}
