import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Fingerprint, Pencil, Plus, Trash2, Wifi } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/client";
import { errorText } from "@/api/errors";
import { providersQuery } from "@/api/queries";
import type { IdentityProvider } from "@/api/types";
import { Alert, Badge, Button, Card, ConfirmDialog, CopyField, EmptyState, Fact, Facts, QueryView, Skeleton, Time, toast } from "@/components";
import s from "./Identities.module.css";
import { ProviderDialog } from "./ProviderDialog";
import { useChange } from "./queries";

/** ProvidersPage lists the systems whose tokens of OpenID Connect count here. */
export function ProvidersPage() {
  const { t } = useTranslation("identities");
  const providers = useQuery(providersQuery);
  const [adding, setAdding] = useState(false);
  const add = (
    <Button variant="primary" icon={<Plus size={16} />} onClick={() => setAdding(true)}>
      {t("provider.add")}
    </Button>
  );
  return (
    <QueryView query={providers} skeleton={<Skeleton width="100%" height={260} radius={11} />}>
      {(list) => (
        <div className={s.layout}>
          {list.length === 0 ? (
            <EmptyState icon={<Fingerprint size={22} />} title={t("provider.none")} action={add}>
              <p>{t("provider.description")}</p>
              <p>{t("provider.checked")}</p>
            </EmptyState>
          ) : (
            <>
              <div className={s.toolbar}>
                <p>
                  {t("provider.description")} {t("provider.checked")}
                </p>
                {add}
              </div>
              {list.map((provider) => (
                <ProviderCard key={provider.id} provider={provider} />
              ))}
            </>
          )}
          {adding && <ProviderDialog onClose={() => setAdding(false)} />}
        </div>
      )}
    </QueryView>
  );
}

function ProviderCard({ provider }: { provider: IdentityProvider }) {
  const { t } = useTranslation("identities");
  const [changing, setChanging] = useState(false);
  const [removing, setRemoving] = useState(false);
  const test = useMutation({
    mutationFn: () => api.POST("/api/v1/identity-providers/test", { body: { url: provider.url } }),
  });
  const remove = useChange(() => api.DELETE("/api/v1/identity-providers/{id}", { params: { path: { id: provider.id } } }));
  return (
    <Card
      title={provider.name}
      description={provider.url}
      footer={
        <div className={s.buttons}>
          <Button size="sm" busy={test.isPending} icon={<Wifi size={15} />} onClick={() => test.mutate()}>
            {t("provider.try")}
          </Button>
          <Button size="sm" icon={<Pencil size={15} />} onClick={() => setChanging(true)}>
            {t("edit")}
          </Button>
          <Button size="sm" variant="dangerGhost" icon={<Trash2 size={15} />} onClick={() => setRemoving(true)}>
            {t("provider.remove")}
          </Button>
        </div>
      }
    >
      <div className={s.body}>
        {test.isSuccess && <Alert tone="ok">{t("provider.reached")}</Alert>}
        {test.isError && <Alert tone="danger">{errorText(test.error)}</Alert>}
        <Facts>
          <Fact name={t("provider.clients")}>
            {provider.clients.map((client) => (
              <Badge key={client}>{client}</Badge>
            ))}
          </Fact>
          <Fact name={t("provider.roles")}>
            {provider.roles.length === 0
              ? t("provider.noRole")
              : provider.roles.map((name) => (
                  <Link key={name} to="/identities/roles/$name" params={{ name }}>
                    {name}
                  </Link>
                ))}
          </Fact>
          <Fact name={t("provider.claim")}>{provider.policyClaim ? t("provider.claimOn") : t("provider.claimOff")}</Fact>
          <Fact name={t("created")}>
            <Time value={provider.createdAt} />
          </Fact>
        </Facts>
        {provider.policyClaim && <Alert tone="warn">{t("provider.claimWarning")}</Alert>}
        <CopyField label={t("arn")} value={provider.arn} />
      </div>
      {changing && <ProviderDialog provider={provider} onClose={() => setChanging(false)} />}
      <ConfirmDialog
        open={removing}
        onOpenChange={setRemoving}
        title={t("provider.removeTitle", { name: provider.name })}
        body={t("provider.removeBody", { count: provider.roles.length })}
        confirm={t("provider.remove")}
        onConfirm={async () => {
          await remove.mutateAsync();
          toast.ok(t("deleted", { name: provider.name }));
        }}
      />
    </Card>
  );
}
