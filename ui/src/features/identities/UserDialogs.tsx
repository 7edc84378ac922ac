import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { errorText, fieldText } from "@/api/errors";
import { usersQuery } from "@/api/queries";
import type { User } from "@/api/types";
import { Alert, Button, Checkbox, Dialog, Field, Input, PasswordInput, toast } from "@/components";
import { minPassword } from "@/lib/password";

/** CreateUserDialog makes a person, who logs in, or a program, which has keys only. */
export function CreateUserDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("settings");
  const client = useQueryClient();
  const navigate = useNavigate();
  const [displayName, setDisplayName] = useState("");
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [admin, setAdmin] = useState(false);
  const [program, setProgram] = useState(false);
  const create = useMutation({
    mutationFn: () =>
      body(
        api.POST("/api/v1/users", {
          body: {
            name: name.trim(),
            displayName: displayName.trim(),
            ...(program ? { noPassword: true } : { password, admin }),
          },
        }),
      ),
    onSuccess: async (user) => {
      await client.invalidateQueries({ queryKey: usersQuery.queryKey });
      if (program) await navigate({ to: "/identities/users/$user", params: { user: user.id } });
      else toast.ok(t("users.made", { name: user.displayName || user.name }));
      onClose();
    },
  });
  const short = !program && password !== "" && password.length < minPassword;
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t("users.create")}
      description={program ? t("users.programBody") : t("users.createBody")}
      onSubmit={() => !short && create.mutate()}
      footer={
        <>
          <Button onClick={onClose}>{t("common:cancel")}</Button>
          <Button type="submit" variant="primary" busy={create.isPending}>
            {t("users.create")}
          </Button>
        </>
      }
    >
      <Field label={t("profile.displayName")} error={fieldText(create.error, "displayName")}>
        <Input
          autoFocus
          required
          maxLength={100}
          value={displayName}
          onChange={(event) => setDisplayName(event.target.value)}
        />
      </Field>
      <Field label={t("profile.name")} hint={t("users.nameHint")} error={fieldText(create.error, "name")}>
        <Input
          required
          maxLength={32}
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
          value={name}
          onChange={(event) => setName(event.target.value.toLowerCase())}
        />
      </Field>
      <Checkbox
        label={t("users.program")}
        hint={t("users.programHint")}
        checked={program}
        onChange={(event) => setProgram(event.target.checked)}
      />
      {!program && (
        <>
          <Field
            label={t("users.password")}
            hint={t("password.hint", { count: minPassword })}
            error={short ? t("password.short", { count: minPassword }) : fieldText(create.error, "password")}
          >
            <PasswordInput
              required
              autoComplete="new-password"
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
          </Field>
          <Checkbox
            label={t("common:role.admin")}
            hint={t("users.adminHint")}
            checked={admin}
            onChange={(event) => setAdmin(event.target.checked)}
          />
        </>
      )}
      {create.isError && <Alert tone="danger">{errorText(create.error)}</Alert>}
    </Dialog>
  );
}

/** ResetPasswordDialog sets the password of somebody who forgot it, or had none. */
export function ResetPasswordDialog({ user, onClose }: { user: User; onClose: () => void }) {
  const { t } = useTranslation("settings");
  const [password, setPassword] = useState("");
  const reset = useMutation({
    mutationFn: () =>
      body(api.PATCH("/api/v1/users/{id}", { params: { path: { id: user.id } }, body: { password } })),
    onSuccess: () => {
      toast.ok(t("users.resetDone", { name: user.displayName || user.name }));
      onClose();
    },
  });
  const short = password !== "" && password.length < minPassword;
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t("users.resetTitle", { name: user.displayName || user.name })}
      description={t("users.resetBody")}
      onSubmit={() => !short && reset.mutate()}
      footer={
        <>
          <Button onClick={onClose}>{t("common:cancel")}</Button>
          <Button type="submit" variant="primary" busy={reset.isPending}>
            {t("users.reset")}
          </Button>
        </>
      }
    >
      <Field
        label={t("password.new")}
        hint={t("password.hint", { count: minPassword })}
        error={short ? t("password.short", { count: minPassword }) : fieldText(reset.error, "password")}
      >
        <PasswordInput
          autoFocus
          required
          autoComplete="new-password"
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
      </Field>
      {reset.isError && <Alert tone="danger">{errorText(reset.error)}</Alert>}
    </Dialog>
  );
}
