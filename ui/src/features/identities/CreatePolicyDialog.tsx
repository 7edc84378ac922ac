import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { errorText } from "@/api/errors";
import { Alert, Button, Dialog, Field, Input } from "@/components";
import { PolicyEditor } from "@/features/access/PolicyEditor";
import { problemOf } from "./problem";
import { useChange } from "./queries";

/** CreatePolicyDialog makes a policy, perhaps beginning with what another says. */
export function CreatePolicyDialog({ from, onClose }: { from?: string; onClose: () => void }) {
  const { t } = useTranslation("identities");
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [text, setText] = useState(from ?? "");
  const create = useChange(() =>
    body(api.POST("/api/v1/policies", { body: { name: name.trim(), description: description.trim(), document: text } })),
  );
  const problem = problemOf(create.error);
  return (
    <Dialog
      wide
      open
      onOpenChange={(open) => !open && onClose()}
      title={t("policy.create")}
      onSubmit={() =>
        create.mutate(undefined, {
          onSuccess: async (policy) => {
            onClose();
            await navigate({ to: "/identities/policies/$name", params: { name: policy.name } });
          },
        })
      }
      footer={
        <>
          <Button onClick={onClose}>{t("common:cancel")}</Button>
          <Button type="submit" variant="primary" busy={create.isPending} disabled={name.trim() === "" || text.trim() === ""}>
            {t("policy.create")}
          </Button>
        </>
      }
    >
      <Field label={t("name")} hint={t("nameHint")}>
        <Input
          autoFocus
          required
          maxLength={128}
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
      <PolicyEditor
        label={t("document")}
        hint={t("documentHint")}
        text={text}
        readOnly={false}
        problem={problem}
        onChange={(next) => {
          create.reset();
          setText(next);
        }}
      />
      {create.isError && !problem && <Alert tone="danger">{errorText(create.error)}</Alert>}
    </Dialog>
  );
}
