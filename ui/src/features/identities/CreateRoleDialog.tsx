import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { DocumentDialog } from "./DocumentDialog";
import { NameField } from "./NameField";
import { useChange } from "./queries";
import { RoleFields } from "./RoleFields";
import { emptyTrust } from "./trust";

/** CreateRoleDialog makes a role: whom it trusts is asked at once, what it may do on its page. */
export function CreateRoleDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("identities");
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [about, setAbout] = useState({ description: "", maxSession: 3600 });
  const [trust, setTrust] = useState(emptyTrust);
  const create = useChange(() =>
    body(
      api.POST("/api/v1/roles", {
        body: { name: name.trim(), description: about.description.trim(), trust, maxSession: about.maxSession },
      }),
    ),
  );
  return (
    <DocumentDialog
      trust
      title={t("role.create")}
      action={t("role.create")}
      busy={create.isPending}
      ready={name.trim() !== ""}
      error={create.error}
      label={t("role.trust")}
      hint={t("role.trustHint")}
      text={trust}
      onChange={(next) => {
        create.reset();
        setTrust(next);
      }}
      onSubmit={() =>
        create.mutate(undefined, {
          onSuccess: async (role) => {
            onClose();
            await navigate({ to: "/identities/roles/$name", params: { name: role.name } });
          },
        })
      }
      onClose={onClose}
    >
      <NameField
        hint={t("role.nameHint")}
        most={64}
        value={name}
        onChange={(next) => {
          create.reset();
          setName(next);
        }}
      />
      <RoleFields value={about} onChange={setAbout} />
    </DocumentDialog>
  );
}
