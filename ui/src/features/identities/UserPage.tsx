import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { TimerOff, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/client";
import { useMe } from "@/api/session";
import type { UserIdentity } from "@/api/types";
import { Alert, Badge, Button, Card, Fact, Facts, Time } from "@/components";
import { DetailPage } from "./DetailPage";
import { HeldPoliciesCard } from "./HeldPoliciesCard";
import { HolderQuestions, type HolderQuestion } from "./HolderQuestions";
import s from "./Identities.module.css";
import { userIdentityQuery } from "./queries";
import { UserGroupsCard } from "./UserGroupsCard";
import { UserKeysCard } from "./UserKeysCard";

const route = getRouteApi("/app/identities/users/$user");

/** UserPage is what a user has and holds: policies, groups, keys and sessions. */
export function UserPage() {
  const { t } = useTranslation("identities");
  const { user: id } = route.useParams();
  const me = useMe();
  const [asked, setAsked] = useState<HolderQuestion>();
  return (
    <DetailPage
      list={<Link to="/identities/users">{t("users")}</Link>}
      query={userIdentityQuery(id)}
      titleOf={(identity) => (identity ? identity.user.displayName || identity.user.name : t("user.title"))}
      descriptionOf={({ user }) => (user.displayName !== user.name ? `@${user.name}` : undefined)}
      actions={({ user, root }) => (
        <>
          <Button icon={<TimerOff size={16} />} onClick={() => setAsked("end")}>
            {t("sessions.end")}
          </Button>
          {user.id !== me.id && !root && (
            <Button variant="dangerGhost" icon={<Trash2 size={16} />} onClick={() => setAsked("delete")}>
              {t("user.delete")}
            </Button>
          )}
        </>
      )}
    >
      {(identity) => (
        <>
          <AboutCard identity={identity} />
          <HeldPoliciesCard holder={{ kind: "user", id }} name={identity.user.name} held={identity.policies} groups={identity.groups} />
          <UserGroupsCard identity={identity} />
          <UserKeysCard identity={identity} />
          <Questions identity={identity} asked={asked} onClose={() => setAsked(undefined)} />
        </>
      )}
    </DetailPage>
  );
}

function AboutCard({ identity }: { identity: UserIdentity }) {
  const { t } = useTranslation("identities");
  const { user, password, root, projects } = identity;
  return (
    <Card title={t("about")}>
      <div className={s.body}>
        {user.admin && <Alert>{t("user.adminHint")}</Alert>}
        <Facts>
          <Fact name={t("user.kind")}>
            {user.disabled && <Badge tone="danger">{t("user.disabled")}</Badge>}
            {user.admin ? <Badge tone="accent">{t("common:role.admin")}</Badge> : <Badge>{t("user.title")}</Badge>}
            {root && <Badge tone="warn">{t("user.root")}</Badge>}
          </Fact>
          <Fact name={t("user.console")}>{password ? t("user.logsIn") : t("user.keysOnly")}</Fact>
          <Fact name={t("user.projects")}>
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
          </Fact>
          <Fact name={t("created")}>
            <Time value={user.createdAt} />
          </Fact>
        </Facts>
      </div>
    </Card>
  );
}

type QuestionsProps = { identity: UserIdentity; asked?: HolderQuestion; onClose: () => void };

function Questions({ identity, asked, onClose }: QuestionsProps) {
  const { t } = useTranslation("identities");
  const navigate = useNavigate();
  const { user, keys, groups, policies, projects } = identity;
  const { name } = user;
  const params = { path: { id: user.id } };
  return (
    <HolderQuestions
      asked={asked}
      onClose={onClose}
      name={name}
      end={{
        title: t("sessions.endUser", { name }),
        body: t("sessions.endUserBody", { name }),
        do: () => api.POST("/api/v1/users/{id}/end-sessions", { params }),
      }}
      remove={{
        title: t("user.deleteTitle", { name }),
        body: t("user.deleteBody"),
        lost: [
          t("user.deleteKeys", { count: keys.length }),
          t("user.deleteProjects", { count: projects.length }),
          t("user.deleteGroups", { count: groups.length }),
          ...policies.inline.map((one) => t("deleteInline", { name: one.name })),
        ],
        kept: t("user.deleteKeeps"),
        confirm: t("user.delete"),
        typeToConfirm: name,
        do: async () => {
          await api.DELETE("/api/v1/users/{id}", { params });
          await navigate({ to: "/identities/users" });
        },
      }}
    />
  );
}
