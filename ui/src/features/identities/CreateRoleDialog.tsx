import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { errorText } from "@/api/errors";
import { Alert, Button, Dialog, Field, Input } from "@/components";
import { PolicyEditor } from "@/features/access/PolicyEditor";
import { HoursSelect } from "./HoursSelect";
import { problemOf } from "./problem";
import { useChange } from "./queries";
import { emptyTrust } from "./trust";

/** CreateRoleDialog makes a role: whom it trusts is asked at once, what it may do on its page. */
export function CreateRoleDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("identities");
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [maxSession, setMaxSession] = useState(3600);
  const [trust, setTrust] = useState(emptyTrust);
  const create = useChange(() =>
    body(api.POST("/api/v1/roles", { body: { name: name.trim(), description: description.trim(), trust, maxSession } })),
  );
  const problem = problemOf(create.error);
  return (
    <Dialog
      wide
      open
      onOpenChange={(open) => !open && onClose()}
      title={t("role.create")}
      onSubmit={() =>
        create.mutate(undefined, {
          onSuccess: async (role) => {
            onClose();
            await navigate({ to: "/identities/roles/$name", params: { name: role.name } });
          },
        })
      }
      footer={
        <>
          <Button onClick={onClose}>{t("common:cancel")}</Button>
          <Button type="submit" variant="primary" busy={create.isPending} disabled={name.trim() === "" || trust.trim() === ""}>
            {t("role.create")}
          </Button>
        </>
      }
    >
      <Field label={t("name")} hint={t("role.nameHint")}>
        <Input
          autoFocus
          required
          maxLength={64}
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
          value={name}
          onChange={(event) => {
            create.reset();
            setName(event.target.value);
          }}
        />
      </Field>
      <Field label={t("note")} optional>
        <Input maxLength={200} value={description} onChange={(event) => setDescription(event.target.value)} />
      </Field>
      <Field label={t("role.session")} hint={t("role.sessionHint")}>
        <HoursSelect value={maxSession} onChange={setMaxSession} />
      </Field>
      <PolicyEditor
        trust
        label={t("role.trust")}
        hint={t("role.trustHint")}
        text={trust}
        readOnly={false}
        problem={problem}
        onChange={(next) => {
          create.reset();
          setTrust(next);
        }}
      />
      {create.isError && !problem && <Alert tone="danger">{errorText(create.error)}</Alert>}
    </Dialog>
  );
}
