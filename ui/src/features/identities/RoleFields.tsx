import { useTranslation } from "react-i18next";
import { Field, Input } from "@/components";
import { HoursSelect } from "./HoursSelect";

type About = { description: string; maxSession: number };

/** RoleFields ask what a role is for and how long a session of it lasts. */
export function RoleFields({ value, onChange }: { value: About; onChange: (value: About) => void }) {
  const { t } = useTranslation("identities");
  return (
    <>
      <Field label={t("note")} optional>
        <Input
          maxLength={200}
          value={value.description}
          onChange={(event) => onChange({ ...value, description: event.target.value })}
        />
      </Field>
      <Field label={t("role.session")} hint={t("role.sessionHint")}>
        <HoursSelect value={value.maxSession} onChange={(maxSession) => onChange({ ...value, maxSession })} />
      </Field>
    </>
  );
}
