import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { errorText, fieldText } from "@/api/errors";
import { beginSession } from "@/api/session";
import { Alert, Button, Field, Input, PasswordInput } from "@/components";
import { Gate } from "@/features/shell/Gate";
import { minPassword } from "@/lib/password";

/** The token comes in the fragment, which browsers never send to a server. */
function tokenFromAddress(): string {
  return new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
}

export function SetupPage() {
  const { t } = useTranslation("setup");
  const navigate = useNavigate();
  const [linked] = useState(tokenFromAddress);
  const [token, setToken] = useState(linked);
  const [displayName, setDisplayName] = useState("");
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const setup = useMutation({
    mutationFn: () =>
      body(
        api.POST("/api/v1/setup", {
          body: { token: token.trim(), name: name.trim(), displayName: displayName.trim(), password },
        }),
      ),
    onSuccess: (session) => {
      beginSession(session);
      void navigate({ to: "/", replace: true });
    },
  });
  const short = password !== "" && password.length < minPassword;
  return (
    <Gate title={t("title")} description={t("description")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!short) setup.mutate();
        }}
      >
        {!linked && (
          <Field label={t("token")} hint={t("tokenHint")} error={fieldText(setup.error, "token")}>
            <Input
              mono
              required
              autoComplete="off"
              value={token}
              onChange={(event) => setToken(event.target.value)}
            />
          </Field>
        )}
        <Field label={t("displayName")} error={fieldText(setup.error, "displayName")}>
          <Input
            name="name"
            autoComplete="name"
            autoFocus={linked !== ""}
            required
            maxLength={80}
            value={displayName}
            onChange={(event) => setDisplayName(event.target.value)}
          />
        </Field>
        <Field label={t("name")} hint={t("nameHint")} error={fieldText(setup.error, "name")}>
          <Input
            name="username"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            required
            maxLength={32}
            value={name}
            onChange={(event) => setName(event.target.value.toLowerCase())}
          />
        </Field>
        <Field
          label={t("password")}
          hint={t("passwordHint", { count: minPassword })}
          error={short ? t("passwordShort", { count: minPassword }) : fieldText(setup.error, "password")}
        >
          <PasswordInput
            name="new-password"
            autoComplete="new-password"
            required
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        </Field>
        {setup.isError && <Alert tone="danger">{errorText(setup.error)}</Alert>}
        <Button type="submit" variant="primary" wide busy={setup.isPending}>
          {t("submit")}
        </Button>
      </form>
    </Gate>
  );
}
