import { useMutation } from "@tanstack/react-query";
import { Wifi } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/client";
import { errorText } from "@/api/errors";
import type { IdentityProvider } from "@/api/types";
import { Alert, Button, Checkbox, Dialog, Field, Input, Textarea, toast } from "@/components";
import { useChange } from "./queries";

const examples = { url: "https://id.example.com/realms/team", clients: "croft" };

/** ProviderDialog asks whom to believe, tries it, and adds or changes the provider. */
export function ProviderDialog({ provider, onClose }: { provider?: IdentityProvider; onClose: () => void }) {
  const { t } = useTranslation("identities");
  const [url, setURL] = useState(provider?.url ?? "");
  const [clients, setClients] = useState(provider?.clients.join("\n") ?? "");
  const [policyClaim, setPolicyClaim] = useState(provider?.policyClaim ?? false);
  const test = useMutation({ mutationFn: () => api.POST("/api/v1/identity-providers/test", { body: { url: url.trim() } }) });
  const save = useChange(async () => {
    const body = { clients: clients.split("\n").filter((line) => line.trim() !== ""), policyClaim };
    if (provider) await api.PATCH("/api/v1/identity-providers/{id}", { params: { path: { id: provider.id } }, body });
    else await api.POST("/api/v1/identity-providers", { body: { url: url.trim(), ...body } });
  });
  const failed = save.error ?? test.error;
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={provider ? t("provider.change", { name: provider.name }) : t("provider.add")}
      description={t("provider.checked")}
      onSubmit={() =>
        save.mutate(undefined, {
          onSuccess: () => {
            toast.ok(t("common:saved"));
            onClose();
          },
        })
      }
      footer={
        <>
          <Button icon={<Wifi size={15} />} disabled={url.trim() === ""} busy={test.isPending} onClick={() => test.mutate()}>
            {t("provider.try")}
          </Button>
          <Button type="submit" variant="primary" busy={save.isPending} disabled={url.trim() === "" || clients.trim() === ""}>
            {provider ? t("common:save") : t("provider.add")}
          </Button>
        </>
      }
    >
      <Field label={t("provider.url")} hint={provider ? t("provider.urlFixed") : t("provider.urlHint")}>
        <Input
          mono
          required
          type="url"
          maxLength={255}
          readOnly={provider !== undefined}
          placeholder={examples.url}
          spellCheck={false}
          value={url}
          onChange={(event) => {
            test.reset();
            save.reset();
            setURL(event.target.value);
          }}
        />
      </Field>
      <Field label={t("provider.clients")} hint={t("provider.clientsHint")}>
        <Textarea
          mono
          required
          rows={3}
          placeholder={examples.clients}
          autoCapitalize="off"
          spellCheck={false}
          value={clients}
          onChange={(event) => {
            save.reset();
            setClients(event.target.value);
          }}
        />
      </Field>
      <Checkbox
        label={t("provider.claimLabel")}
        hint={t("provider.claimWarning")}
        checked={policyClaim}
        onChange={(event) => setPolicyClaim(event.target.checked)}
      />
      {test.isSuccess && !failed && <Alert tone="ok">{t("provider.reached")}</Alert>}
      {failed !== null && <Alert tone="danger">{errorText(failed)}</Alert>}
    </Dialog>
  );
}
