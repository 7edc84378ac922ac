import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { Pencil, TimerOff, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/client";
import { errorText } from "@/api/errors";
import type { IamRoleDetails } from "@/api/types";
import { Alert, Button, Card, CopyField, Dialog, Fact, Facts, Time } from "@/components";
import { DetailPage } from "./DetailPage";
import { DocumentCard } from "./DocumentCard";
import { HeldPoliciesCard } from "./HeldPoliciesCard";
import { HolderQuestions, type HolderQuestion } from "./HolderQuestions";
import s from "./Identities.module.css";
import { roleQuery, useChange } from "./queries";
import { RoleFields } from "./RoleFields";

const route = getRouteApi("/app/identities/roles/$name");

/** RolePage is a role: whom it trusts, what it holds, and how long a session of it lasts. */
export function RolePage() {
  const { t } = useTranslation("identities");
  const { name } = route.useParams();
  const [asked, setAsked] = useState<HolderQuestion>();
  return (
    <DetailPage
      list={<Link to="/identities/roles">{t("roles")}</Link>}
      query={roleQuery(name)}
      titleOf={() => name}
      descriptionOf={(role) => role.description}
      actions={() => (
        <>
          <Button icon={<TimerOff size={16} />} onClick={() => setAsked("end")}>
            {t("sessions.end")}
          </Button>
          <Button variant="dangerGhost" icon={<Trash2 size={16} />} onClick={() => setAsked("delete")}>
            {t("role.delete")}
          </Button>
        </>
      )}
    >
      {(role) => (
        <>
          <AboutCard role={role} />
          <TrustCard key={`${name} ${role.trust}`} role={role} />
          <HeldPoliciesCard holder={{ kind: "role", name }} name={name} held={role.policies} />
          <Questions role={role} asked={asked} onClose={() => setAsked(undefined)} />
        </>
      )}
    </DetailPage>
  );
}

function AboutCard({ role }: { role: IamRoleDetails }) {
  const { t } = useTranslation("identities");
  const [changing, setChanging] = useState(false);
  return (
    <Card
      title={t("about")}
      actions={
        <Button size="sm" icon={<Pencil size={15} />} onClick={() => setChanging(true)}>
          {t("edit")}
        </Button>
      }
    >
      <div className={s.body}>
        <Facts>
          <Fact name={t("role.session")}>{t("role.hours", { count: role.maxSession / 3600 })}</Fact>
          <Fact name={t("created")}>
            <Time value={role.createdAt} />
          </Fact>
        </Facts>
        <CopyField label={t("arn")} value={role.arn} />
      </div>
      {changing && <ChangeRoleDialog role={role} onClose={() => setChanging(false)} />}
    </Card>
  );
}

function ChangeRoleDialog({ role, onClose }: { role: IamRoleDetails; onClose: () => void }) {
  const { t } = useTranslation("identities");
  const [about, setAbout] = useState({ description: role.description, maxSession: role.maxSession });
  const save = useChange(() =>
    api.PATCH("/api/v1/roles/{name}", {
      params: { path: { name: role.name } },
      body: { description: about.description.trim(), maxSession: about.maxSession },
    }),
  );
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t("role.change", { name: role.name })}
      onSubmit={() => save.mutate(undefined, { onSuccess: onClose })}
      footer={
        <>
          <Button onClick={onClose}>{t("common:cancel")}</Button>
          <Button type="submit" variant="primary" busy={save.isPending}>
            {t("common:save")}
          </Button>
        </>
      }
    >
      <RoleFields value={about} onChange={setAbout} />
      {save.isError && <Alert tone="danger">{errorText(save.error)}</Alert>}
    </Dialog>
  );
}

function TrustCard({ role }: { role: IamRoleDetails }) {
  const { t } = useTranslation("identities");
  return (
    <DocumentCard
      trust
      title={t("role.trust")}
      description={t("role.trustDescription")}
      label={t("role.trust")}
      hint={t("role.trustHint")}
      document={role.trust}
      action={t("common:save")}
      save={(trust: string) => api.PATCH("/api/v1/roles/{name}", { params: { path: { name: role.name } }, body: { trust } })}
    />
  );
}

type QuestionsProps = { role: IamRoleDetails; asked?: HolderQuestion; onClose: () => void };

function Questions({ role, asked, onClose }: QuestionsProps) {
  const { t } = useTranslation("identities");
  const navigate = useNavigate();
  const { name, policies } = role;
  const params = { path: { name } };
  return (
    <HolderQuestions
      asked={asked}
      onClose={onClose}
      name={name}
      end={{
        title: t("sessions.endRole", { name }),
        body: t("sessions.endRoleBody"),
        do: () => api.POST("/api/v1/roles/{name}/end-sessions", { params }),
      }}
      remove={{
        title: t("role.deleteTitle", { name }),
        body: t("role.deleteBody"),
        lost: [
          t("role.deleteSessions"),
          t("group.deleteAttached", { count: policies.attached.length }),
          ...policies.inline.map((one) => t("deleteInline", { name: one.name })),
        ],
        confirm: t("role.delete"),
        do: async () => {
          await api.DELETE("/api/v1/roles/{name}", { params });
          await navigate({ to: "/identities/roles" });
        },
      }}
    />
  );
}
