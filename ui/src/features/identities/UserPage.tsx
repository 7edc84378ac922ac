import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { TimerOff, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/client";
import { useMe } from "@/api/session";
import type { UserIdentity } from "@/api/types";
import { Alert, Badge, Button, Card, ConfirmDialog, PageHeader, QueryView, Skeleton, Time, toast } from "@/components";
import { HeldPoliciesCard } from "./HeldPoliciesCard";
import s from "./Identities.module.css";
import { userIdentityQuery, useChange } from "./queries";
import { UserGroupsCard } from "./UserGroupsCard";
import { UserKeysCard } from "./UserKeysCard";

const route = getRouteApi("/app/identities/users/$user");

/** UserPage is what a user has and holds: policies, groups, keys and sessions. */
export function UserPage() {
  const { t } = useTranslation("identities");
  const { user: id } = route.useParams();
  const me = useMe();
  const identity = useQuery(userIdentityQuery(id));
  const [asked, setAsked] = useState<"end" | "delete">();
  const user = identity.data?.user;
  return (
    <>
      <PageHeader
        title={user ? user.displayName || user.name : t("user.title")}
        description={user && user.displayName !== user.name ? `@${user.name}` : undefined}
        breadcrumbs={[
          <Link key="users" to="/identities/users">
            {t("users")}
          </Link>,
        ]}
        actions={
          user && (
            <div className={s.buttons}>
              <Button icon={<TimerOff size={16} />} onClick={() => setAsked("end")}>
                {t("sessions.end")}
              </Button>
              {user.id !== me.id && !identity.data?.root && (
                <Button variant="dangerGhost" icon={<Trash2 size={16} />} onClick={() => setAsked("delete")}>
                  {t("user.delete")}
                </Button>
              )}
            </div>
          )
        }
      />
      <QueryView query={identity} skeleton={<Skeleton width="100%" height={480} radius={11} />}>
        {(data) => (
          <div className={s.layout}>
            <AboutCard identity={data} />
            <HeldPoliciesCard
              holder={{ kind: "user", id }}
              name={data.user.name}
              held={data.policies}
              groups={data.groups}
            />
            <UserGroupsCard identity={data} />
            <UserKeysCard identity={data} />
            <Questions identity={data} asked={asked} onClose={() => setAsked(undefined)} />
          </div>
        )}
      </QueryView>
    </>
  );
}

function AboutCard({ identity }: { identity: UserIdentity }) {
  const { t } = useTranslation("identities");
  const { user, password, root, projects } = identity;
  return (
    <Card title={t("about")}>
      <div className={s.body}>
        {user.admin && <Alert>{t("user.adminHint")}</Alert>}
        <dl className={s.facts}>
          <div>
            <dt>{t("user.kind")}</dt>
            <dd>
              {user.disabled && <Badge tone="danger">{t("user.disabled")}</Badge>}
              {user.admin ? <Badge tone="accent">{t("common:role.admin")}</Badge> : <Badge>{t("user.title")}</Badge>}
              {root && <Badge tone="warn">{t("user.root")}</Badge>}
            </dd>
          </div>
          <div>
            <dt>{t("user.console")}</dt>
            <dd>{password ? t("user.logsIn") : t("user.keysOnly")}</dd>
          </div>
          <div>
            <dt>{t("user.projects")}</dt>
            <dd>
              {projects.length === 0
                ? t("user.noProjects")
                : projects.map((project) => (
                    <span key={project.slug}>
                      <Link to="/projects/$project/members" params={{ project: project.slug }}>
                        {project.name}
                      </Link>{" "}
                      {t("user.inRole", { role: t(`common:role.${project.role}`) })}
                    </span>
                  ))}
            </dd>
          </div>
          <div>
            <dt>{t("created")}</dt>
            <dd>
              <Time value={user.createdAt} />
            </dd>
          </div>
        </dl>
      </div>
    </Card>
  );
}

type QuestionsProps = { identity: UserIdentity; asked?: "end" | "delete"; onClose: () => void };

function Questions({ identity, asked, onClose }: QuestionsProps) {
  const { t } = useTranslation("identities");
  const navigate = useNavigate();
  const { user, keys, groups, policies, projects } = identity;
  const params = { path: { id: user.id } };
  const end = useChange(() => api.POST("/api/v1/users/{id}/end-sessions", { params }));
  const remove = useChange(async () => {
    await api.DELETE("/api/v1/users/{id}", { params });
    await navigate({ to: "/identities/users" });
  });
  return (
    <>
      <ConfirmDialog
        open={asked === "end"}
        onOpenChange={(open) => !open && onClose()}
        title={t("sessions.endUser", { name: user.name })}
        body={t("sessions.endUserBody", { name: user.name })}
        confirm={t("sessions.end")}
        onConfirm={async () => {
          await end.mutateAsync();
          toast.ok(t("sessions.ended"));
        }}
      />
      <ConfirmDialog
        open={asked === "delete"}
        onOpenChange={(open) => !open && onClose()}
        title={t("user.deleteTitle", { name: user.name })}
        body={
          <div className={s.body}>
            <p>{t("user.deleteBody")}</p>
            <ul className={s.list}>
              <li>{t("user.deleteKeys", { count: keys.length })}</li>
              <li>{t("user.deleteProjects", { count: projects.length })}</li>
              <li>{t("user.deleteGroups", { count: groups.length })}</li>
              {policies.inline.map((one) => (
                <li key={one.name}>{t("deleteInline", { name: one.name })}</li>
              ))}
            </ul>
            <p>{t("user.deleteKeeps")}</p>
          </div>
        }
        typeToConfirm={user.name}
        confirm={t("user.delete")}
        onConfirm={async () => {
          await remove.mutateAsync();
          toast.ok(t("deleted", { name: user.name }));
        }}
      />
    </>
  );
}
