import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi, useRouter } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { errorText } from "@/api/errors";
import { beginSession, instanceQuery } from "@/api/session";
import { Alert, Button, Field, Input, PasswordInput } from "@/components";
import { Gate } from "@/features/shell/Gate";

const route = getRouteApi("/login");

export function LoginPage() {
  const { t } = useTranslation("login");
  const { next } = route.useSearch();
  const router = useRouter();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const { data: instance } = useQuery(instanceQuery);
  const login = useMutation({
    mutationFn: () => body(api.POST("/api/v1/session", { body: { name: name.trim(), password } })),
    onSuccess: (session) => {
      beginSession(session);
      router.history.replace(next ?? "/");
    },
  });
  return (
    <Gate title={t("title")} description={t("description", { name: instance?.name || "Croft" })}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          login.mutate();
        }}
      >
        <Field label={t("name")}>
          <Input
            name="username"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            autoFocus
            required
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </Field>
        <Field label={t("password")}>
          <PasswordInput
            name="password"
            autoComplete="current-password"
            required
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        </Field>
        {login.isError && <Alert tone="danger">{errorText(login.error)}</Alert>}
        <Button type="submit" variant="primary" wide busy={login.isPending}>
          {t("submit")}
        </Button>
      </form>
      <p>{t("forgotten")}</p>
    </Gate>
  );
}
