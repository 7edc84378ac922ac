import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Monitor, Moon, Sun } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { errorText, fieldText } from "@/api/errors";
import { sessionQuery, useMe } from "@/api/session";
import { Alert, Button, Card, Field, Input, Select, toast } from "@/components";
import { chooseLocale } from "@/features/shell/UserMenu";
import { currentLocale, localeNames, locales, type Locale } from "@/lib/i18n";
import { setTheme, themes, useTheme } from "@/lib/theme";
import s from "./Settings.module.css";

export function ProfilePage() {
  return (
    <div className={s.stack}>
      <NameCard />
      <AppearanceCard />
    </div>
  );
}

function NameCard() {
  const { t } = useTranslation("settings");
  const me = useMe();
  const client = useQueryClient();
  const [displayName, setDisplayName] = useState(me.displayName);
  const update = useMutation({
    mutationFn: () => body(api.PATCH("/api/v1/me", { body: { displayName: displayName.trim() } })),
    onSuccess: (user) => {
      client.setQueryData(sessionQuery.queryKey, (session) => session && { ...session, user });
      toast.ok(t("common:saved"));
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        update.mutate();
      }}
    >
      <Card
        title={t("profile.title")}
        footer={
          <Button type="submit" variant="primary" busy={update.isPending}>
            {t("common:save")}
          </Button>
        }
      >
        <div className={s.form}>
          <Field label={t("profile.displayName")} error={fieldText(update.error, "displayName")}>
            <Input
              required
              maxLength={100}
              autoComplete="name"
              value={displayName}
              onChange={(event) => setDisplayName(event.target.value)}
            />
          </Field>
          <Field label={t("profile.name")} hint={t("profile.nameFixed")}>
            <Input value={me.name} disabled />
          </Field>
          {update.isError && <Alert tone="danger">{errorText(update.error)}</Alert>}
        </div>
      </Card>
    </form>
  );
}

const themeIcons = { system: Monitor, light: Sun, dark: Moon };

function AppearanceCard() {
  const { t } = useTranslation("settings");
  const theme = useTheme();
  return (
    <Card title={t("appearance.title")} description={t("appearance.description")}>
      <div className={s.form}>
        <div className={s.choices} role="radiogroup" aria-label={t("shell:theme.label")}>
          {themes.map((value) => {
            const Icon = themeIcons[value];
            return (
              <label key={value} className={s.choice}>
                <input
                  type="radio"
                  name="theme"
                  checked={theme === value}
                  onChange={() => setTheme(value)}
                />
                <Icon size={20} aria-hidden />
                {t(`shell:theme.${value}`)}
              </label>
            );
          })}
        </div>
        <Field label={t("shell:language")}>
          <Select value={currentLocale()} onChange={(event) => chooseLocale(event.target.value as Locale)}>
            {locales.map((value) => (
              <option key={value} value={value} lang={value}>
                {localeNames[value]}
              </option>
            ))}
          </Select>
        </Field>
      </div>
    </Card>
  );
}
