import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { Pencil, TimerOff, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/client";
import { errorText } from "@/api/errors";
import type { IamRoleDetails } from "@/api/types";
import {
  Alert,
  Button,
  Card,
  ConfirmDialog,
  CopyField,
  Dialog,
  Field,
  Input,
  PageHeader,
  QueryView,
  Skeleton,
  Time,
  toast,
} from "@/components";
import { PolicyEditor } from "@/features/access/PolicyEditor";
import { HeldPoliciesCard } from "./HeldPoliciesCard";
import { HoursSelect } from "./HoursSelect";
import s from "./Identities.module.css";
import { problemOf } from "./problem";
import { roleQuery, useChange } from "./queries";

const route = getRouteApi("/app/identities/roles/$name");

/** RolePage is a role: whom it trusts, what it holds, and how long a session of it lasts. */
export function RolePage() {
  const { t } = useTranslation("identities");
  const { name } = route.useParams();
  const role = useQuery(roleQuery(name));
  const [asked, setAsked] = useState<"end" | "delete">();
  return (
    <>
      <PageHeader
        title={name}
        description={role.data?.description || undefined}
        breadcrumbs={[
          <Link key="roles" to="/identities/roles">
            {t("roles")}
          </Link>,
        ]}
        actions={
          role.data && (
            <div className={s.buttons}>
              <Button icon={<TimerOff size={16} />} onClick={() => setAsked("end")}>
                {t("sessions.end")}
              </Button>
              <Button variant="dangerGhost" icon={<Trash2 size={16} />} onClick={() => setAsked("delete")}>
                {t("role.delete")}
              </Button>
            </div>
          )
        }
      />
      <QueryView query={role} skeleton={<Skeleton width="100%" height={420} radius={11} />}>
        {(data) => (
          <div className={s.layout}>
            <AboutCard role={data} />
            <TrustCard key={`${name} ${data.trust}`} role={data} />
            <HeldPoliciesCard holder={{ kind: "role", name }} name={name} held={data.policies} />
            <Questions role={data} asked={asked} onClose={() => setAsked(undefined)} />
          </div>
        )}
      </QueryView>
    </>
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
        <dl className={s.facts}>
          <div>
            <dt>{t("role.session")}</dt>
            <dd>{t("role.hours", { count: role.maxSession / 3600 })}</dd>
          </div>
          <div>
            <dt>{t("created")}</dt>
            <dd>
              <Time value={role.createdAt} />
            </dd>
          </div>
        </dl>
        <CopyField label={t("arn")} value={role.arn} />
      </div>
      {changing && <ChangeRoleDialog role={role} onClose={() => setChanging(false)} />}
    </Card>
  );
}

function ChangeRoleDialog({ role, onClose }: { role: IamRoleDetails; onClose: () => void }) {
  const { t } = useTranslation("identities");
  const [description, setDescription] = useState(role.description);
  const [maxSession, setMaxSession] = useState(role.maxSession);
  const save = useChange(() =>
    api.PATCH("/api/v1/roles/{name}", {
      params: { path: { name: role.name } },
      body: { description: description.trim(), maxSession },
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
      <Field label={t("note")} optional>
        <Input maxLength={200} value={description} onChange={(event) => setDescription(event.target.value)} />
      </Field>
      <Field label={t("role.session")} hint={t("role.sessionHint")}>
        <HoursSelect value={maxSession} onChange={setMaxSession} />
      </Field>
      {save.isError && <Alert tone="danger">{errorText(save.error)}</Alert>}
    </Dialog>
  );
}

function TrustCard({ role }: { role: IamRoleDetails }) {
  const { t } = useTranslation("identities");
  const [text, setText] = useState<string>();
  const save = useChange((trust: string) =>
    api.PATCH("/api/v1/roles/{name}", { params: { path: { name: role.name } }, body: { trust } }),
  );
  const problem = problemOf(save.error);
  const editing = text !== undefined;
  return (
    <Card
      title={t("role.trust")}
      description={t("role.trustDescription")}
      actions={
        !editing && (
          <Button size="sm" icon={<Pencil size={15} />} onClick={() => setText(role.trust)}>
            {t("edit")}
          </Button>
        )
      }
      footer={
        editing ? (
          <div className={s.buttons}>
            <Button
              onClick={() => {
                save.reset();
                setText(undefined);
              }}
            >
              {t("common:cancel")}
            </Button>
            <Button
              variant="primary"
              busy={save.isPending}
              disabled={text.trim() === "" || text === role.trust}
              onClick={() =>
                save.mutate(text, {
                  onSuccess: () => {
                    toast.ok(t("common:saved"));
                    setText(undefined);
                  },
                })
              }
            >
              {t("common:save")}
            </Button>
          </div>
        ) : undefined
      }
    >
      <div className={s.body}>
        <PolicyEditor
          trust
          label={t("role.trust")}
          hint={t("role.trustHint")}
          text={text ?? role.trust}
          readOnly={!editing}
          problem={problem}
          onChange={(next) => {
            save.reset();
            setText(next);
          }}
        />
        {save.isError && !problem && <Alert tone="danger">{errorText(save.error)}</Alert>}
      </div>
    </Card>
  );
}

type QuestionsProps = { role: IamRoleDetails; asked?: "end" | "delete"; onClose: () => void };

function Questions({ role, asked, onClose }: QuestionsProps) {
  const { t } = useTranslation("identities");
  const navigate = useNavigate();
  const params = { path: { name: role.name } };
  const end = useChange(() => api.POST("/api/v1/roles/{name}/end-sessions", { params }));
  const remove = useChange(async () => {
    await api.DELETE("/api/v1/roles/{name}", { params });
    await navigate({ to: "/identities/roles" });
  });
  return (
    <>
      <ConfirmDialog
        open={asked === "end"}
        onOpenChange={(open) => !open && onClose()}
        title={t("sessions.endRole", { name: role.name })}
        body={t("sessions.endRoleBody")}
        confirm={t("sessions.end")}
        onConfirm={async () => {
          await end.mutateAsync();
          toast.ok(t("sessions.ended"));
        }}
      />
      <ConfirmDialog
        open={asked === "delete"}
        onOpenChange={(open) => !open && onClose()}
        title={t("role.deleteTitle", { name: role.name })}
        body={
          <div className={s.body}>
            <p>{t("role.deleteBody")}</p>
            <ul className={s.list}>
              <li>{t("role.deleteSessions")}</li>
              <li>{t("group.deleteAttached", { count: role.policies.attached.length })}</li>
              {role.policies.inline.map((one) => (
                <li key={one.name}>{t("deleteInline", { name: one.name })}</li>
              ))}
            </ul>
          </div>
        }
        confirm={t("role.delete")}
        onConfirm={async () => {
          await remove.mutateAsync();
          toast.ok(t("deleted", { name: role.name }));
        }}
      />
    </>
  );
}
