import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { Field, Input } from "@/components";
import { DocumentDialog } from "./DocumentDialog";
import { NameField } from "./NameField";
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
  return (
    <DocumentDialog
      title={t("policy.create")}
      action={t("policy.create")}
      busy={create.isPending}
      ready={name.trim() !== ""}
      error={create.error}
      label={t("document")}
      hint={t("documentHint")}
      text={text}
      onChange={(next) => {
        create.reset();
        setText(next);
      }}
      onSubmit={() =>
        create.mutate(undefined, {
          onSuccess: async (policy) => {
            onClose();
            await navigate({ to: "/identities/policies/$name", params: { name: policy.name } });
          },
        })
      }
      onClose={onClose}
    >
      <NameField
        hint={t("nameHint")}
        value={name}
        onChange={(next) => {
          create.reset();
          setName(next);
        }}
      />
      <Field label={t("note")} optional>
        <Input maxLength={200} value={description} onChange={(event) => setDescription(event.target.value)} />
      </Field>
    </DocumentDialog>
  );
}
