import { useQuery } from "@tanstack/react-query";
import { Plus, X } from "lucide-react";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { usersQuery } from "@/api/queries";
import { Button, Checkbox, Field, IconButton, Input, Select } from "@/components";
import type { Who } from "./document";
import s from "./Policy.module.css";

type WhoFieldProps = { who: Who; readOnly: boolean; error?: string; onChange: (who: Who) => void };

/** WhoField says whom a statement is for. */
export function WhoField({ who, readOnly, error, onChange }: WhoFieldProps) {
  const { t } = useTranslation("policies");
  const users = useQuery(usersQuery).data ?? [];
  const id = useId();
  const [name, setName] = useState("");
  const add = () => {
    const wanted = name.trim();
    if (wanted !== "" && !who.names.includes(wanted)) onChange({ ...who, names: [...who.names, wanted] });
    setName("");
  };
  return (
    <div className={s.group}>
      <Field label={t("who.title")} error={error}>
        <Select
          value={who.kind}
          disabled={readOnly}
          onChange={(event) => onChange({ ...who, kind: event.target.value as Who["kind"] })}
        >
          <option value="everybody">{t("who.everybody")}</option>
          <option value="users">{t("who.users")}</option>
          <option value="named">{t("who.named")}</option>
        </Select>
      </Field>
      {who.kind === "named" && (
        <>
          {who.names.length > 0 && (
            <ul className={s.chips}>
              {who.names.map((one) => (
                <li key={one} className={s.chip}>
                  {one}
                  {!readOnly && (
                    <IconButton
                      label={t("who.remove", { name: one })}
                      icon={<X size={13} />}
                      onClick={() => onChange({ ...who, names: who.names.filter((other) => other !== one) })}
                    />
                  )}
                </li>
              ))}
            </ul>
          )}
          {!readOnly && (
            <div className={s.row}>
              <Input
                aria-label={t("who.name")}
                placeholder={t("who.name")}
                list={`${id}-users`}
                autoComplete="off"
                autoCapitalize="off"
                spellCheck={false}
                value={name}
                onChange={(event) => setName(event.target.value)}
                onKeyDown={(event) => {
                  if (event.key !== "Enter") return;
                  event.preventDefault();
                  add();
                }}
              />
              <datalist id={`${id}-users`}>
                {users
                  .filter((user) => !who.names.includes(user.name))
                  .map((user) => (
                    <option key={user.id} value={user.name}>
                      {user.displayName}
                    </option>
                  ))}
              </datalist>
              <Button icon={<Plus size={16} />} disabled={name.trim() === ""} onClick={add}>
                {t("who.add")}
              </Button>
            </div>
          )}
        </>
      )}
      {who.not && (
        <Checkbox
          label={t("who.not")}
          checked
          disabled={readOnly}
          onChange={() => onChange({ ...who, not: false })}
        />
      )}
    </div>
  );
}
